"""Real bars out of packages that ship them, as the simulator and the table know them."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from zoneinfo import ZoneInfo

COLUMNS = "symbol,interval,exchange_time,open,high,low,close,volume,exchange_tz"  # the simulator's

StoredBar = tuple[str, datetime, str, Decimal, Decimal, Decimal, Decimal, int]


@dataclass(frozen=True)
class RecordedBar:
    """A bar as its source prints it."""

    symbol: str
    interval: str
    exchange_time: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    exchange_tz: str

    def stored(self) -> StoredBar:
        """Return what the table must hold of it."""
        local = datetime.fromisoformat(self.exchange_time)
        return (
            self.symbol,
            local.replace(tzinfo=ZoneInfo(self.exchange_tz)).astimezone(UTC),
            self.interval,
            Decimal(self.open),
            Decimal(self.high),
            Decimal(self.low),
            Decimal(self.close),
            int(self.volume),
        )


def google_daily() -> list[RecordedBar]:
    """Return 2,148 daily bars of Google, 2004 to 2013 (shipped with `backtesting`)."""
    rows = _rows((_package("backtesting") / "test" / "GOOG.csv").read_text("utf-8"))
    return [_bar("GOOG", "1d", row, "US/Eastern") for row in rows]


def sp500_daily() -> list[RecordedBar]:
    """Return 5,031 daily bars of the S&P 500, 1999 to 2018 (shipped with `arch`)."""
    packed = (_package("arch") / "data" / "sp500" / "sp500.csv.gz").read_bytes()
    rows = _rows(gzip.decompress(packed).decode("utf-8"))
    return [
        _bar("SPX", "1d", [_iso_date(day), *prices, volume], "US/Eastern")
        for day, *prices, _adjusted_close, volume in rows
    ]


def euro_hourly() -> list[RecordedBar]:
    """Return 5,000 hourly bars of EUR/USD, 2017 to 2018 (shipped with `backtesting`)."""
    rows = _rows((_package("backtesting") / "test" / "EURUSD.csv").read_text("utf-8"))
    return [_bar("EURUSD", "60min", row, "UTC") for row in rows]


def write_csv(bars: list[RecordedBar], file: Path) -> Path:
    """Write the bars as a file for the simulator and return its path."""
    lines = [COLUMNS, *(",".join(astuple(bar)) for bar in bars)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def _bar(symbol: str, interval: str, printed: list[str], zone: str) -> RecordedBar:
    time, first, high, low, last, volume = printed
    return RecordedBar(symbol, interval, time, first, high, low, last, volume, zone)


def _iso_date(month_first: str) -> str:
    month, day, year = month_first.split("/")
    return f"{year}-{int(month):02}-{int(day):02}"


def _rows(text: str) -> Iterator[list[str]]:
    rows = csv.reader(io.StringIO(text))
    next(rows)
    yield from rows


def _package(name: str) -> Path:
    spec = find_spec(name)
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0])
