"""The command line of import: its parser out, and what was said of the files.

Standard library only, as what it imports, so that --help answers before anything is installed.
"""

from __future__ import annotations

import argparse
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from services.common.market.bar import INTERVALS, normal_symbol
from services.stream.files.layout import BASES, DATE_ORDERS, FIELDS, LABELS, Answers
from services.stream.files.vendors import BY_NAME

_MOST_DECIMALS = 10


def import_parser() -> argparse.ArgumentParser:
    """Return the parser of import."""
    parser = argparse.ArgumentParser(
        prog="python -m services.stream.importing",
        description="Bring bars of files (CSV, gzip, zip, Parquet) into the database, while the "
        "live job goes on. The format is recognised; what a file does not tell is asked for. An "
        "import that was stopped or killed goes on where it was, and a file that was imported "
        "writes nothing a second time. A bar observed later than a file was written beats the "
        "file's.",
        epilog="The options describe all files named. Imported rows are not in Kafka: to bring "
        "them again, import the file again. Exit codes: 0 done, 1 failed, or a file is broken, 2 "
        "wrong argument or setting, or something is to be answered, 3 another import is at work, "
        "4 stopped before the end.",
    )
    parser.add_argument(
        "files", nargs="+", type=Path, metavar="FILE", help="files of bars, or folders of them"
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="only tell how many bars would be new, changed, equal or refused, and show five",
    )
    _add_layout(parser)
    _add_prices(parser)
    parser.add_argument(
        "--observed-at",
        type=_past_instant,
        metavar="INSTANT",
        help="when the files were downloaded, such as 2026-11-28T09:30:00Z (default: when each was "
        "modified)",
    )
    return parser


def _add_layout(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--format", choices=tuple(BY_NAME), help="of a file that several write so")
    parser.add_argument(
        "--columns",
        type=_columns,
        metavar="NAMES",
        help=f"of a file of no known format, in their order, of {', '.join(FIELDS)}",
    )
    parser.add_argument(
        "--symbol",
        type=_symbol,
        help="of all bars; where rows have a column of symbols, chooses the rows of one",
    )
    parser.add_argument("--interval", choices=INTERVALS, help="length of the bars")
    parser.add_argument("--zone", help="of the files' clock, such as America/New_York or Etc/GMT+5")
    parser.add_argument("--label", choices=LABELS, help="what the time of a bar is")
    parser.add_argument("--dates", choices=DATE_ORDERS, help="order of day and month")


def _add_prices(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--basis", choices=BASES, help="what prices are adjusted for")
    parser.add_argument(
        "--as-of",
        type=_day,
        metavar="DATE",
        help="with --basis split or total: the day up to which the vendor adjusted, YYYY-MM-DD",
    )
    parser.add_argument(
        "--unit", type=_unit, metavar="NUMBER", help="what a price of 1 is worth, such as 0.0001"
    )
    parser.add_argument(
        "--decimals",
        type=int,
        choices=range(_MOST_DECIMALS + 1),
        metavar="N",
        help=f"round numbers to so many decimals (0 to {_MOST_DECIMALS}), half to even",
    )


def answers(options: argparse.Namespace) -> Answers:
    """Return what the command line says of the files."""
    return Answers(**{name: getattr(options, name) for name in Answers.__dataclass_fields__})


def _symbol(text: str) -> str:
    try:
        return normal_symbol(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _columns(text: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in text.split(","))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2026-11-28") from None


def _past_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = datetime.min  # noqa: DTZ901 - without a zone, and so refused below
    if instant.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no instant such as 2026-11-28T09:30:00Z")
    if instant > datetime.now(tz=UTC):
        raise argparse.ArgumentTypeError(f"{text!r} is in the future")
    return instant.astimezone(UTC)


def _unit(text: str) -> Decimal:
    try:
        unit = Decimal(text)
    except InvalidOperation:
        unit = Decimal(0)
    if not (unit.is_finite() and Decimal("1e-12") <= unit <= Decimal("1e6")):
        raise argparse.ArgumentTypeError(f"{text!r} is no unit such as 0.0001 or 0.01")
    return unit
