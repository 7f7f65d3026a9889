"""What a file's columns mean: what was recognised, what a person answered, and what is still open.

A vendor's layout tells part of it; the rest (a clock, the order of a date, a price basis) cannot be
seen in the numbers, so that it is asked for rather than guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from enum import Enum, auto
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.common.market.bar import INTERVALS, SPLITS, normal_symbol, price_basis

LABELS = ("start", "end")
BASES = ("raw", "split", "total")
DATE_ORDERS = ("dmy", "mdy")
PRICES = ("open", "high", "low", "close")
FIELDS = ("time", "date", "clock", *PRICES, "volume", "symbol", "-")
"""What `--columns` may call a column; `-` is one that is passed over."""
INTERVAL_NAMES = {
    **{name: name for name in INTERVALS},
    "D": "1d",
    "1": "1min",
    "5": "5min",
    "15": "15min",
    "30": "30min",
    "60": "60min",
}
"""What vendors write in a column of intervals."""
RTYPES = {"33": "1min", "34": "60min", "35": "1d"}
"""Databento's kinds of records."""


class FileError(Exception):
    """A file that cannot be read as bars, in one line that says what to do."""


def side_by_side(name: str, symbols: int) -> FileError:
    """Return what is said of a file with columns for each of several symbols."""
    return FileError(
        f"{name} has the bars of {symbols} symbols beside each other; write a file for each, or "
        "download with group_by and stack them"
    )


class UnansweredError(FileError):
    """Something that the file does not tell and nobody has said."""


class TimeForm(Enum):
    """How a file writes when a bar is."""

    WRITTEN = auto()
    """As a date, or a date and a clock."""
    EPOCH = auto()
    """As a count since 1970, in the unit of the file's first value."""
    MIDNIGHT_MS = auto()
    """As milliseconds since the midnight of the day that the file's name tells."""


@dataclass(frozen=True)
class Answers:
    """What a person says of files; None where nothing was said."""

    format: str | None = None
    symbol: str | None = None
    interval: str | None = None
    zone: str | None = None
    label: str | None = None
    basis: str | None = None
    as_of: date | None = None
    unit: Decimal | None = None
    columns: tuple[str, ...] | None = None
    dates: str | None = None
    decimals: int | None = None


@dataclass(frozen=True)
class Layout:
    """What the cells of a file mean.

    `columns` gives each field its place. Of `header`, the lines before the first row, each part of
    an archive has its own copy. None is open: `symbol` and `interval` may come from each row
    instead, `zone` only matters where times are local. With `chosen`, only rows that have it in
    their column of symbols are meant. `unit` is what one of the file's prices is
    worth. `day_zone` is where a count since 1970 becomes a date.
    """

    format: str
    columns: Mapping[str, int]
    header: tuple[tuple[str, ...], ...] = ()
    delimiter: str = ","
    time_form: TimeForm = TimeForm.WRITTEN
    ticks_per_second: int = 1
    date_order: str | None = "ymd"
    has_clock: bool = True
    has_offset: bool = False
    symbol: str | None = None
    chosen: str | None = None
    interval: str | None = None
    zone: str | None = None
    day_zone: str | None = None
    label: str | None = None
    basis: str | None = None
    as_of: date | None = None
    unit: Decimal = field(default=Decimal(1))
    unit_is_open: bool = False
    decimals: int | None = None

    @property
    def width(self) -> int:
        """How many cells a row needs at the least."""
        return max(self.columns.values()) + 1

    @property
    def mark(self) -> str:
        """The basis that its bars are stored with."""
        as_of = None if self.as_of is None else self.as_of.isoformat()
        return price_basis(self.basis != "raw", as_of, self.adjusted_for)

    @property
    def adjusted_for(self) -> str | None:
        """What an event tells that its prices are adjusted for."""
        return SPLITS if self.basis == "split" else None

    @property
    def interval_is_in_rows(self) -> bool:
        """Whether each row tells its own interval."""
        return "interval" in self.columns or "rtype" in self.columns

    def described(self) -> str:
        """Return in one line how the file is understood."""
        parts = {
            "symbol": self._symbol(),
            "interval": self.interval or "each row's own",
            "clock": self._clock(),
            "label": self.label or "the date",
            "basis": self.basis if self.as_of is None else f"{self.basis} as of {self.as_of}",
            "unit": str(self.unit),
        }
        return f"{self.format}: " + ", ".join(f"{name} {value}" for name, value in parts.items())

    def _symbol(self) -> str:
        if self.symbol is None:
            return "each row's own"
        if self.chosen is None:
            return self.symbol
        name = "" if self.chosen == self.symbol else f", in the file {self.chosen}"
        return f"{self.symbol}{name} (other rows are left out)"

    def _clock(self) -> str:
        if self.time_form is TimeForm.EPOCH:
            units = {1: "seconds", 10**3: "ms", 10**6: "us", 10**9: "ns"}
            return f"{units[self.ticks_per_second]} since 1970"
        if self.has_offset:
            return "with its offset"
        return self.zone or "none"


def settled(layout: Layout, answers: Answers, name: str) -> Layout:
    """Return the layout with a person's answers in it. Raises UnansweredError, FileError."""
    given = {
        key: value
        for key in ("interval", "zone", "label", "basis", "as_of", "decimals")
        if (value := getattr(answers, key)) is not None
    }
    if answers.symbol is not None:
        given["symbol"] = normal_symbol(answers.symbol)
    if answers.unit is not None:
        given |= {"unit": answers.unit, "unit_is_open": False}
    if answers.dates is not None and layout.date_order is None:
        given["date_order"] = answers.dates
    whole = replace(layout, **given)
    if whole.day_zone is None:
        whole = replace(whole, day_zone=whole.zone)
    if whole.basis == "raw":
        whole = replace(whole, as_of=None)  # it is said of the adjusted ones among the files
    _require_known(whole, name)
    missing = _missing(whole)
    if missing:
        raise UnansweredError(
            f"{name} ({whole.format}) does not tell all: add {', '.join(missing)}"
        )
    return whole


def _require_known(layout: Layout, name: str) -> None:
    if layout.interval is not None and layout.interval not in INTERVALS:
        raise FileError(f"{name}: bars of {layout.interval} are not stored; {', '.join(INTERVALS)}")
    if not layout.has_clock and layout.interval not in (None, "1d"):
        raise FileError(f"{name} has dates without a clock: its bars are of 1d")
    for zone in (layout.zone, layout.day_zone):
        try:
            ZoneInfo(zone or "UTC")
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise FileError(f"--zone: {zone!r} is no time zone such as America/New_York") from None


def _missing(layout: Layout) -> list[str]:
    daily = layout.interval == "1d" or not layout.has_clock
    counted = layout.time_form is TimeForm.EPOCH
    if daily:
        has_no_clock = counted and layout.day_zone is None
    else:
        has_no_clock = not counted and not layout.has_offset and layout.zone is None
    wanted = {
        "--symbol SYMBOL": layout.symbol is None and "symbol" not in layout.columns,
        f"--interval {'|'.join(INTERVALS)}": layout.interval is None
        and not layout.interval_is_in_rows,
        "--zone ZONE (of its clock, such as America/New_York)": has_no_clock,
        "--label start|end (what the time of a bar is)": not daily and layout.label is None,
        "--dates dmy|mdy (the order of day and month)": layout.date_order is None,
        "--basis raw|split|total (what prices are adjusted for)": layout.basis is None,
        "--as-of DATE (the day up to which the vendor adjusted them)": layout.basis
        in ("split", "total")
        and layout.as_of is None,
        "--unit NUMBER (what a price of 1 is worth, such as 0.0001)": layout.unit_is_open,
    }
    return [option for option, is_missing in wanted.items() if is_missing]
