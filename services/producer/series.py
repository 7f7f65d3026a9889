"""The producer's own vocabulary: a series, its high-water mark, the slice that a call asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

from services.common.market.bar import INTERVAL_MINUTES
from services.common.market.markets import Market, market_of

DAY: Final = "1d"
SPLITS: Final = "splits"
DIVIDENDS: Final = "dividends"
ACTION_LISTS: Final = (SPLITS, DIVIDENDS)
"""What stands for an interval where a symbol's corporate actions are asked for."""
QUOTES: Final = "quotes"
"""The same where quotes are; the symbol is then that of all symbols of a call, with commas."""
_COMPACT_BARS: Final = 100
_MONTH_MINUTES: Final = 23 * 16 * 60
_WHOLE_MONTH_MINUTES: Final = 31 * 24 * 60
_DAYS: Final = 7_000


class Series(NamedTuple):
    """One symbol at one interval: what is polled, and what is covered or not."""

    symbol: str
    interval: str

    def __str__(self) -> str:
        first, comma, others = self.symbol.partition(",")
        more = f" and {others.count(',') + 1} more" if comma else ""
        return f"{first}{more} {self.interval}"

    @property
    def symbols(self) -> tuple[str, ...]:
        """Return the symbols that a call for it names."""
        return tuple(self.symbol.split(","))

    @property
    def market(self) -> Market:
        """Return the market of its symbol."""
        return market_of(self.symbol)


@dataclass(frozen=True)
class Slice:
    """The part of a series that one call returns.

    `extent` is `compact` (the newest 100 bars), `full` (the trailing 30 days, or every day) or
    `month`, which then names the month as YYYY-MM.
    """

    extent: str
    month: str = ""

    def __str__(self) -> str:
        return self.month or self.extent


def most_bars(series: Series, part: Slice) -> int:
    """Return how many bars an answer can hold: of a month those from 4:00 to 20:00 on 23 days, or
    around the clock where no session bounds them; of days those since 1999."""
    function = series.market.function(series.interval)
    if part.extent == "compact" and (function is None or function.has_size):
        return _COMPACT_BARS
    if series.interval == DAY:
        return _DAYS
    minutes = _MONTH_MINUTES if series.market.has_months else _WHOLE_MONTH_MINUTES
    return minutes // INTERVAL_MINUTES[series.interval]


COMPACT: Final = Slice("compact")
FULL: Final = Slice("full")


@dataclass(frozen=True)
class HighWaterMark:
    """How far a series is known to be complete in Kafka.

    `asked_at` is the market instant (UTC) of the newest poll of which every bar has been
    acknowledged, `newest_bar` that poll's newest exchange time (empty if it had none), and
    `first_asked_at` the market instant of the first such poll, from which history goes back.
    """

    asked_at: datetime
    newest_bar: str
    first_asked_at: datetime


@dataclass(frozen=True)
class Failing:
    """That a series has no answer with bars: what came instead (the kind), how often in a row,
    since when, and until when it is left alone (both real UTC). `given_up`: that is long."""

    kind: str
    attempts: int
    since: datetime
    retry_at: datetime
    given_up: bool


@dataclass(frozen=True)
class NoBars:
    """What came instead of the bars of a slice: the kind, and the first and last UTC day on which
    it did."""

    kind: str
    first_on: date
    last_on: date
