"""The command line of scripts/chaos: arguments in, which faults to cause and how often out.

Standard library only, so that --help answers before anything is installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

_DESCRIPTION = """\
Start Kafka, PostgreSQL and the stream on this machine, send bars of every market of which no two
are alike, and break things at random: kill, stop and pause each process, reset connections, lose
answers, hold locks, delete the checkpoint, die at fail points. After each episode everything that
was sent is compared with what is stored. Exit code 1 if anything was lost, duplicated, wrong or
stale; the folder with all state and logs is kept then.
"""


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options; ends the process with 0 for --help and with 2 for a wrong one."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.quiet_minutes is not None:
        options.market = options.alerts = True
    if options.alerts and not (options.each or options.market):
        parser.error("--alerts goes with --each or --market: random faults overlap")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/chaos",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--episodes", type=int, default=20, metavar="N", help="how many (default: 20)"
    )
    parser.add_argument("--seed", type=int, metavar="S", help="repeat the episodes of this seed")
    parser.add_argument(
        "--episode-seed", type=int, metavar="S", help="run the one episode of this seed"
    )
    parser.add_argument(
        "--imports",
        type=int,
        default=0,
        metavar="N",
        help="beside random faults, import files without a break and kill the import N times, its "
        "driver, its Java or its workers; at the end all is compared with an import of the same "
        "files that nobody killed",
    )
    parser.add_argument(
        "--each", action="store_true", help="instead of random faults, each one once"
    )
    parser.add_argument(
        "--market",
        action="store_true",
        help="instead of random faults, a simulated market with the real producer: both killed, "
        "stopped and paused, clocks an hour wrong, Kafka away for longer than a delivery may "
        "take, full disks (small ones of the run's own; what they hold is not kept)",
    )
    _add_alerts(parser)
    parser.add_argument(
        "--only",
        metavar="FAULT",
        action="append",
        help='of --each or --market only this fault, such as "pause kafka"; may be repeated',
    )
    parser.add_argument(
        "--long",
        action="store_true",
        help="faults that last may last a minute, not five seconds; with --each and --market, "
        "servers stay away for ten minutes",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a report of each episode")
    parser.add_argument(
        "--data-dir", type=Path, metavar="DIR", help="keep state and logs here (default: temporary)"
    )
    return parser


def _add_alerts(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--alerts",
        action="store_true",
        help="with --each or --market: Prometheus and Alertmanager watch with the rules that ship; "
        "each fault must raise its own alert in time and no other, lasts until that was told, and "
        "the alert must go by itself",
    )
    parser.add_argument(
        "--alerts-within",
        type=float,
        default=60.0,
        metavar="SECONDS",
        help="how soon after a fault its alert must be told (default: 60)",
    )
    parser.add_argument(
        "--quiet-minutes",
        type=float,
        metavar="N",
        help="instead of faults, N minutes of the simulated market without any: no alert may come",
    )
