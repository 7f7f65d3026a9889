"""Files of bars whose every row is known: what they say, and what the database must hold of them.

Pure. Rows are of a share, a pair of currencies and a digital currency; some bars come twice, and
some rows are none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from scripts.chaos_testing.checker import Place
from services.common.market.bar import Bar, Ohlcv

ROWS = 10_000
OBSERVED_AT = datetime(2025, 11, 6, tzinfo=UTC)
OPTIONS = ("--interval", "1min", "--zone", "UTC", "--label", "start", "--basis", "raw")
SYMBOLS = ("IMPORT.1", "FX:IMP/USD", "CRYPTO:IMPORT/USD")
_HEADER = "time,symbol,open,high,low,close,volume"
_FIRST_MINUTE = datetime(2010, 1, 4, tzinfo=UTC)
_PARTITION = -1
"""Where the ledger has the first 65,536 files."""
_OFFSET_BITS = 32


@dataclass(frozen=True)
class Line:
    """A row of a file: what stands there, and its bar unless it must be refused."""

    text: str
    bar: Bar | None


def lines(number: int) -> Iterator[Line]:
    """Yield the rows of a file."""
    for row in range(ROWS):
        # One in 97 has the bar of the row before once more.
        bar = row - len(SYMBOLS) if row % 97 == 96 else row
        yield _line(number * ROWS + bar, number * ROWS + row, is_refused=row % 211 == 210)


def text(number: int) -> str:
    """Return a file."""
    return "\n".join((_HEADER, *(line.text for line in lines(number)))) + "\n"


def held(name: str, number: int) -> dict[Place, tuple[bytes, Bar | None]]:
    """Return what an import must take each row of the file of this name for, by the place that the
    ledger has for it."""
    return {
        (_PARTITION, (number << _OFFSET_BITS) + row): (
            f"{name}:{row + 2}\t{line.text}".encode(),
            line.bar,
        )
        for row, line in enumerate(lines(number))
    }


def _line(bar: int, value: int, is_refused: bool) -> Line:
    symbol = SYMBOLS[bar % len(SYMBOLS)]
    minute = f"{_FIRST_MINUTE + timedelta(minutes=bar // len(SYMBOLS)):%Y-%m-%d %H:%M:%S}"
    volume = {"FX": None, "CRYPTO": f"{value}.{value:08}"}.get(symbol.partition(":")[0], f"{value}")
    high = "1" if is_refused else "99999999"
    numbers = Ohlcv("10", high, "1", f"{value + 1}.01", volume)
    cells = ("" if cell is None else cell for cell in numbers)
    line = ",".join((minute, symbol, *cells))
    if is_refused:
        return Line(line, None)
    seen = f"{OBSERVED_AT:%Y-%m-%dT%H:%M:%S}.000Z"
    facts = ("file", "historical", False, True, seen)
    return Line(line, Bar(symbol, "1min", minute, "UTC", numbers, *facts))
