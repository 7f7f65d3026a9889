"""Files of history for a measurement: minutes of New York's regular hours, a year of each symbol.

In come how many bars are wanted, out go files of one form, and the same bars as COPY takes them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

Int64s = npt.NDArray[np.int64]
_MINUTES = 390
_SESSIONS = 250
YEAR_BARS = _MINUTES * _SESSIONS
"""Bars of one symbol."""
ZONE = "America/New_York"
_OPENS = time(9, 30)
_FIRST_DAY = date(2024, 1, 2)
_COLUMNS = ("time", "open", "high", "low", "close", "volume", "symbol")
SEEN = datetime(2026, 1, 15, tzinfo=UTC)


@dataclass(frozen=True)
class Year:
    """A year of one symbol."""

    number: int

    @property
    def symbol(self) -> str:
        """Its symbol."""
        return f"H{self.number:05}"

    def numbers(self) -> tuple[Int64s, Int64s]:
        """Return prices in 1/10,000, a row of four each, and volumes."""
        minutes = np.arange(YEAR_BARS)
        first = 1_000_000 + 1_000 * ((minutes * 7 + self.number * 13) % 997) + minutes % 10
        prices = np.stack([first, first + 10_000, first - 10_000, first + 5_001], axis=1)
        return prices, (minutes * 31 + self.number * 7) % 90_000

    def lines(self, starts: Sequence[str], before: str, after: str) -> Iterator[str]:
        """Yield a line of text for each bar: start, prices and volume between other texts."""
        prices, volumes = self.numbers()
        rows = zip(starts, prices.tolist(), volumes.tolist(), strict=True)
        for start, row, volume in rows:
            told = "\t".join(f"{price // 10_000}.{price % 10_000:04}" for price in row)
            yield f"{before}{start}\t1min\t{told}\t{volume}\t{start[:10]}\t{after}"


@cache
def days() -> tuple[date, ...]:
    """Return the sessions of the year."""
    every = (_FIRST_DAY + timedelta(days=count) for count in range(2 * _SESSIONS))
    return tuple(day for day in every if day.weekday() < 5)[:_SESSIONS]


@cache
def local_starts() -> tuple[datetime, ...]:
    """Return when bars start on New York's clock."""
    return tuple(
        datetime.combine(day, _OPENS) + timedelta(minutes=minute)
        for day in days()
        for minute in range(_MINUTES)
    )


@cache
def starts_in_utc() -> tuple[str, ...]:
    """Return the same in UTC, as text."""
    zone = ZoneInfo(ZONE)
    return tuple(
        f"{start.replace(tzinfo=zone).astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        for start in local_starts()
    )


def csv(folder: Path, year: Year) -> list[Path]:
    """Write a file of text with a header, on New York's clock."""
    path = folder / f"{year.symbol}.csv"
    prices, volumes = year.numbers()
    rows = zip(local_starts(), prices.tolist(), volumes.tolist(), strict=True)
    with path.open("w", encoding="utf-8") as file:
        file.write(",".join(_COLUMNS) + "\n")
        for start, row, volume in rows:
            told = ",".join(f"{price // 10_000}.{price % 10_000:04}" for price in row)
            file.write(f"{start:%Y-%m-%d %H:%M:%S},{told},{volume},{year.symbol}\n")
    return [path]


def parquet(folder: Path, year: Year) -> list[Path]:
    """Write what pandas would: floats, and times without a zone, on New York's clock."""
    path = folder / f"{year.symbol}.parquet"
    pq.write_table(_table(year), path)
    return [path]


def _table(year: Year) -> pa.Table:
    prices, volumes = year.numbers()
    times = pa.array(np.array(local_starts(), "datetime64[us]"))
    names = pa.array([year.symbol], pa.string()).take(pa.array(np.zeros(YEAR_BARS, np.int8)))
    floats = (pa.array(column / 10_000) for column in prices.T)
    columns = (times, *floats, pa.array(volumes), names)
    return pa.table(dict(zip(_COLUMNS, columns, strict=True)))


def lean_minute(folder: Path, year: Year) -> list[Path]:
    """Write a zip for each day, as LEAN has them."""
    below = folder / "equity" / "usa" / "minute" / year.symbol.lower()
    below.mkdir(parents=True)
    prices, volumes = year.numbers()
    paths = []
    for place, day in enumerate(days()):
        chosen = slice(place * _MINUTES, (place + 1) * _MINUTES)
        rows = zip(prices[chosen].tolist(), volumes[chosen].tolist(), strict=True)
        text = "".join(
            f"{34_200_000 + 60_000 * minute},{','.join(map(str, row))},{volume}\n"
            for minute, (row, volume) in enumerate(rows)
        )
        member = f"{day:%Y%m%d}_{year.symbol.lower()}_minute_trade.csv"
        paths.append(_zip(below / f"{day:%Y%m%d}_trade.zip", member, text))
    return paths


def lean_symbol(folder: Path, year: Year) -> list[Path]:
    """Write one zip, in the form that LEAN has for hours and days; here of minutes."""
    below = folder / "equity" / "usa" / "hour"
    below.mkdir(parents=True, exist_ok=True)
    prices, volumes = year.numbers()
    rows = zip(local_starts(), prices.tolist(), volumes.tolist(), strict=True)
    text = "".join(
        f"{start:%Y%m%d %H:%M},{','.join(map(str, row))},{volume}\n" for start, row, volume in rows
    )
    name = year.symbol.lower()
    return [_zip(below / f"{name}.zip", f"{name}.csv", text)]


def _zip(path: Path, member: str, text: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, text)
    return path


FORMS: Mapping[str, Callable[[Path, Year], list[Path]]] = {
    "parquet": parquet,
    "lean-symbol": lean_symbol,
    "lean-minute": lean_minute,
    "csv": csv,
}


def years(bars: int) -> list[Year]:
    """Return the symbols that have so many bars, or the next larger number."""
    return [Year(number) for number in range(-(-bars // YEAR_BARS))]


def write(folder: Path, form: str, bars: int) -> list[Path]:
    """Write so many bars as files of one form; return these."""
    folder.mkdir(parents=True)
    return [path for year in years(bars) for path in FORMS[form](folder, year)]


def large(path: Path, bars: int) -> Path:
    """Write so many bars as one file of Parquet."""
    with pq.ParquetWriter(path, _table(Year(0)).schema) as writer:
        for year in years(bars):
            writer.write_table(_table(year))
    return path
