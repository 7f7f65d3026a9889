"""The command line of scripts/demo: arguments in, one checked and frozen object out.

Standard library only, so that --help answers before anything is installed.
"""

from __future__ import annotations

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SYMBOLS = "AAPL,TSLA,MSFT,AMZN"
SIMULATED_INTERVAL = "1min"
SIMULATED_PLAN = "1200"

_DESCRIPTION = """\
Run the whole pipeline on this machine: Alpha Vantage's API (a simulator of it, unless --source
names the real one), the producer, Kafka, Spark and PostgreSQL, as plain processes on loopback
ports. Shows what runs where, then a live status line. Ctrl-C stops everything.
"""
_EPILOG = """\
examples:
  scripts/demo                                      a simulated market, no key needed
  scripts/demo --seconds 120 --json out.json        two minutes, then the summary
  scripts/demo --data-dir ~/tapeline                go on tomorrow where today ended
  scripts/demo --source https://www.alphavantage.co/query --key-file key.txt   real bars

Other settings of the services pass through from the environment, such as SIMULATOR_FAULTS,
HISTORY_MONTHS or LOG_LEVEL.
"""


@dataclass(frozen=True)
class Options:
    """What the demo was asked for. None: not given, the default depends on the source."""

    seconds: float | None
    json_file: Path | None
    source: str | None
    simulated: bool
    market_clock: str | None
    bars: Path | None
    key_file: Path | None
    symbols: str | None
    interval: str | None
    plan: str | None
    speed: float
    data_dir: Path | None
    ports: str
    setup_seconds: float
    alerts: Path | None = None


def parse(arguments: Sequence[str] | None = None) -> Options:
    """Return the options; ends the process with 0 for --help and with 2 for a wrong one."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.source is not None:
        _check_source(parser, given)
    elif given.simulated or given.market_clock or given.key_file:
        parser.error("--simulated, --market-clock and --key-file go with --source")
    if given.bars is not None and not given.bars.is_file():
        parser.error(f"--bars: there is no file {given.bars}")
    if given.alerts is not None and not given.alerts.is_file():
        parser.error(f"--alerts: there is no file {given.alerts}")
    values: dict[str, Any] = {
        name: value.absolute() if isinstance(value, Path) else value
        for name, value in vars(given).items()
    }
    return Options(**values)


def is_loopback(url: str) -> bool:
    """Return whether the URL points at this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_source(parser: argparse.ArgumentParser, given: argparse.Namespace) -> None:
    if urlsplit(given.source).scheme not in ("http", "https"):
        parser.error("--source must look like https://HOST/query")
    if given.bars is not None:
        parser.error("--bars is for the simulator, which --source replaces; give one of them")
    if given.key_file is None and not is_loopback(given.source) and not given.simulated:
        parser.error(f"--source {given.source} needs --key-file with a file that holds the API key")
    if given.key_file is not None and not given.key_file.is_file():
        parser.error(f"--key-file: there is no file {given.key_file}")


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError(text)
    return value


_positive.__name__ = "positive number"  # what argparse calls a wrong value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_run_options(parser.add_argument_group("the run"))
    _add_market_options(parser.add_argument_group("the market"))
    parser.add_argument("--setup-seconds", type=float, default=0.0, help=argparse.SUPPRESS)
    return parser


def _add_run_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--seconds",
        type=_positive,
        metavar="N",
        help="once everything runs, run for N seconds, print the summary and exit 0",
    )
    group.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        dest="json_file",
        help="write the summary to FILE when the run ends",
    )
    group.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        help="keep all state in DIR; the next run there goes on from it. While it runs, "
        "DIR/connection.json says how to connect (default: a temporary folder)",
    )
    group.add_argument(
        "--alerts",
        type=Path,
        metavar="FILE",
        help="tell the receivers of this YAML file what its rules find (docs/market-alerts.md)",
    )
    group.add_argument(
        "--ports",
        choices=("auto", "fixed"),
        default="auto",
        help="auto: any free ones; fixed: PostgreSQL 5432, Kafka 9092 and 9093, simulator 8765, "
        "metrics 9401 and 9402 (default: auto)",
    )


def _add_market_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--source",
        metavar="URL",
        help="fetch from this Alpha Vantage-shaped endpoint instead of the simulator; the clock is "
        "then the real one",
    )
    group.add_argument(
        "--key-file", type=Path, metavar="FILE", help="the file that holds the API key for --source"
    )
    group.add_argument(
        "--simulated",
        action="store_true",
        help="mark what --source delivers as simulated (on a loopback URL that is understood)",
    )
    group.add_argument(
        "--market-clock",
        metavar="CLOCK",
        help="the clock of a simulator behind --source: START@ANCHOR*SPEED (default: real)",
    )
    group.add_argument(
        "--bars",
        type=Path,
        metavar="FILE",
        help="let the simulator serve recorded bars from this CSV file (symbol,interval,"
        "exchange_time,open,high,low,close,volume); its last day plays live",
    )
    group.add_argument(
        "--symbols",
        metavar="LIST",
        help=f"comma-separated (default: {SYMBOLS}, or those of --bars)",
    )
    group.add_argument(
        "--interval",
        metavar="LIST",
        help="1min, 5min, 15min, 30min, 60min or 1d (default: 1min when simulated, the shortest "
        "of --bars, otherwise what the plan allows)",
    )
    group.add_argument(
        "--plan",
        metavar="PLAN",
        help="free, or the calls a minute of a premium key (default: 1200 when simulated, "
        "otherwise free)",
    )
    group.add_argument(
        "--speed",
        type=_positive,
        default=60.0,
        metavar="N",
        help="how many times as fast as real the simulated market goes (default: 60)",
    )
