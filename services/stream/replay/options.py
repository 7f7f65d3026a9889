"""The command line of replay: its parser out.

Standard library only, as what it imports, so that --help answers before anything is installed.
"""

from __future__ import annotations

import argparse
from datetime import datetime

from services.common.market.bar import normal_symbol
from services.stream.replay.offset_range import parse_instant, parse_offsets


def replay_parser(now: datetime) -> argparse.ArgumentParser:
    """Return the parser of replay; spans such as `2h` end `now`."""
    parser = argparse.ArgumentParser(
        prog="python -m services.stream.replay",
        description="Read past bars from Kafka again and merge them, while the live job goes on. "
        "Bars that the table holds already, or holds newer, stay as they are.",
        epilog="Times are when a bar was sent to Kafka. Bars of imported files are not there: "
        "import the files again. Exit codes: 0 done, 1 failed, 2 wrong "
        "argument or setting, 3 another replay is at work, 4 stopped before the end.",
    )

    def instant(text: str) -> datetime:
        return parse_instant(text, now)

    parser.add_argument(
        "--from",
        dest="start",
        type=instant,
        metavar="INSTANT",
        help="first instant, such as 2026-11-20T14:30:00Z, or 2h ago as 2h",
    )
    parser.add_argument(
        "--to",
        dest="end",
        type=instant,
        metavar="INSTANT",
        default=now,
        help="up to this instant, not included (default: now)",
    )
    parser.add_argument("--symbol", type=_symbol, help="only this symbol")
    parser.add_argument("--partition", type=int, help="with --offsets: of this partition")
    parser.add_argument(
        "--offsets",
        type=parse_offsets,
        metavar="A:B",
        help="offsets from A up to, not including, B",
    )
    parser.add_argument(
        "--corporate-actions",
        action="store_true",
        help="all splits and dividends that Kafka holds, instead of bars",
    )
    parser.add_argument(
        "--quotes",
        action="store_true",
        help="all quotes that Kafka holds, instead of bars: the newest of each symbol",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="only tell how many bars would be new, changed or equal",
    )
    return parser


def _symbol(text: str) -> str:
    try:
        return normal_symbol(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
