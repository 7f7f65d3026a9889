"""The command line of reconcile: its parser out.

Standard library only, as what it imports, so that --help answers before anything is installed.
"""

from __future__ import annotations

import argparse

from services.stream.replay.offset_range import parse_offsets


def reconcile_parser() -> argparse.ArgumentParser:
    """Return the parser of reconcile."""
    parser = argparse.ArgumentParser(
        prog="scripts/reconcile",
        description="Prove that produced = stored + superseded + rejected: every record that "
        "Kafka still holds and the sink has read is looked up in PostgreSQL by its offset. "
        "Nothing is written. Settings come from the environment, as for the stream.",
        epilog="Exit codes: 0 all accounted for, 1 something is lost, duplicated or absent, 2 "
        "wrong argument or setting, 3 Kafka or PostgreSQL is away.",
    )
    parser.add_argument("--partition", type=int, help="only this partition, with --offsets")
    parser.add_argument("--offsets", type=parse_offsets, metavar="A:B", help="from A up to B")
    return parser
