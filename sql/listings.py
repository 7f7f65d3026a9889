"""`python -m sql.listings`: stores what the vendor lists of US stocks and ETFs, from its CSV files.

In come answers of LISTING_STATUS, active and delisted; out goes market.listings, in which
bi.recycled_tickers finds signs that a ticker has passed to another instrument. It connects as the
schema's owner, as `python -m sql.renames` does.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import psycopg

from services.common.settings import Environment, SettingError
from services.common.settings_help import settings_help
from sql.renames import MARKET_OWNER_PASSWORD, connect

_HEADER: Final = [
    *("symbol", "name", "exchange", "assetType", "ipoDate", "delistingDate", "status")
]
_COPY: Final = """
copy market.listings (symbol, name, exchange, listed_on, delisted_on) from stdin
"""


class ListingError(ValueError):
    """A file is no list of the vendor's; says which line and why."""


@dataclass(frozen=True)
class Listing:
    """A stock or ETF on a US exchange, from a day on and, if it has ended, up to another."""

    symbol: str
    name: str
    exchange: str
    listed_on: date | None
    delisted_on: date | None


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    made = argparse.ArgumentParser(
        prog="python -m sql.listings",
        description="Store the vendor's lists of active and of delisted US stocks and ETFs in the\n"
        "place of those stored before: answers of LISTING_STATUS, with state=active and\n"
        "state=delisted, as they came. bi.recycled_tickers then shows tickers that came back.\n\n"
        + settings_help({"MARKET_OWNER_PASSWORD": MARKET_OWNER_PASSWORD}),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("files", type=Path, nargs="+", metavar="FILE")
    return made


def read_file(file: Path) -> list[Listing]:
    """Return the listings of a file, at least one. Raises ListingError."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.reader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ListingError(f"{file}: {error}") from None
    if len(rows) < 2 or rows[0] != _HEADER:
        raise ListingError(f"{file} is no answer of LISTING_STATUS: {','.join(_HEADER)} and rows")
    return [_listing(file, number, row) for number, row in enumerate(rows[1:], start=2) if row]


def _listing(file: Path, number: int, row: list[str]) -> Listing:
    try:
        symbol, name, exchange, _, listed_on, delisted_on, _ = row
        return Listing(symbol, name, exchange, _day(listed_on), _day(delisted_on))
    except ValueError as error:
        raise ListingError(f"{file}, line {number}: {error}") from None


def _day(text: str) -> date | None:
    return None if text in ("", "null") else date.fromisoformat(text)


def keep(owner: psycopg.Connection, listings: Iterable[Listing]) -> None:
    """Store these in the place of those stored before. Raises psycopg.Error."""
    with owner.transaction():
        owner.execute("delete from market.listings")
        with owner.cursor().copy(_COPY) as copy:
            for one in listings:
                copy.write_row((one.symbol, one.name, one.exchange, one.listed_on, one.delisted_on))


def main() -> int:
    """Run from the command line; return the exit code."""
    options = parser().parse_args()
    env = Environment(os.environ)
    try:
        listings = [one for file in options.files for one in read_file(file)]
        with connect(MARKET_OWNER_PASSWORD.read(env), env) as owner:
            keep(owner, listings)
    except (ListingError, SettingError) as error:
        print(f"listings: {error}", file=sys.stderr)  # noqa: T201 - one line, not a trace
        return 2
    except psycopg.Error as error:
        print(f"listings: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201 - likewise
        return 1
    print(f"{len(listings)} listings are stored")  # noqa: T201 - the command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
