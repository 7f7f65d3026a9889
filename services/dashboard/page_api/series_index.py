"""Which symbols are stored in which intervals, and of which there is only a quote; asked of the
database now and then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.common.market.bar import INTERVAL_MINUTES, INTERVALS
from services.common.market.exchanges import exchange_of
from services.dashboard.data_api.stored_tables import CANDLE_INTERVALS
from services.dashboard.page_api.sql import QUOTED, SERIES

FROM_OPEN: Final = "60min-from-open"
"""The interval of candles that a chart counts from the opening instead of by full hours."""
CHART_INTERVALS: Final = (*INTERVALS[:-1], FROM_OPEN, INTERVALS[-1])

_FRESH_SECONDS: Final = 5.0
_QUOTED_FRESH_SECONDS: Final = 30.0

Rows = Callable[[str], Awaitable[list[tuple[Any, ...]]]]


@dataclass(frozen=True)
class Stored:
    """What is stored of a symbol: the newest bar's start per interval, smallest first."""

    newest: Mapping[str, datetime]
    simulated: bool
    opens_at_minute: int = 0
    """Past the full hour, when its exchange opens; 0 also where it is of no known exchange."""

    @property
    def offered(self) -> tuple[str, ...]:
        """Return the intervals that a chart can show: stored ones, and what rolls up from them."""
        if not self.newest:
            return ()
        return tuple(interval for interval in CHART_INTERVALS if self._is_offered(interval))

    def _is_offered(self, interval: str) -> bool:
        smallest = next(iter(self.newest))
        if interval == FROM_OPEN:
            # Where exchanges open at full hours, hours from the opening are the hours of 60min.
            minutes = INTERVAL_MINUTES.get(smallest, 60)
            return self.opens_at_minute > 0 and self.opens_at_minute % minutes == 0
        return interval in self.newest or (
            interval in CANDLE_INTERVALS and INTERVALS.index(interval) > INTERVALS.index(smallest)
        )

    def is_drawn_as_stored(self, interval: str) -> bool:
        """Return whether its chart is of the stored bars themselves: of the smallest interval, of
        which there are no candles to choose. A day is always one: of the vendor, or rolled up."""
        return interval == next(iter(self.newest)) and interval != "1d"

    def smaller_than(self, interval: str) -> tuple[str, ...]:
        """Return the stored intervals that an interval rolls up from, itself among them."""
        widest = INTERVALS.index("30min" if interval == FROM_OPEN else interval)
        return tuple(i for i in self.newest if INTERVALS.index(i) <= widest)


NOTHING: Final = Stored({}, simulated=False)
"""What is stored of a symbol that has only a quote."""


class SeriesIndex:
    """Remembers the stored series for some seconds. Raises what the database raises."""

    def __init__(self, rows: Rows, seconds: Callable[[], float]) -> None:
        self._rows = rows
        self._seconds = seconds
        self._lock = asyncio.Lock()
        self._stored: dict[str, Stored] = {}
        self._asked_at: float | None = None
        self._quoted: tuple[str, ...] = ()
        self._quoted_at: float | None = None

    async def stored(self, symbol: str | None = None) -> Mapping[str, Stored]:
        """Return what is stored by symbol; a symbol that is not known yet is looked for."""
        async with self._lock:
            if not self._fresh(symbol):
                self._stored = by_symbol(await self._rows(SERIES))
                self._asked_at = self._seconds()
        return self._stored

    async def quoted(self) -> tuple[str, ...]:
        """Return the symbols of which only a quote is stored, by name."""
        async with self._lock:
            now = self._seconds()
            if self._quoted_at is None or now - self._quoted_at >= _QUOTED_FRESH_SECONDS:
                self._quoted = tuple(symbol for (symbol,) in await self._rows(QUOTED))
                self._quoted_at = now
        return self._quoted

    def _fresh(self, symbol: str | None) -> bool:
        if self._asked_at is None:
            return False
        age = self._seconds() - self._asked_at
        known = symbol is None or symbol in self._stored
        return age < (_FRESH_SECONDS if known else 1.0)


def by_symbol(rows: list[tuple[Any, ...]]) -> dict[str, Stored]:
    """Return what is stored by symbol, from rows of (symbol, interval, newest bar, source)."""
    found: dict[str, dict[str, datetime]] = {}
    simulated = {symbol for symbol, _, _, source in rows if source == "simulator"}
    for symbol, interval, bar_time, _ in rows:
        found.setdefault(symbol, {})[interval] = bar_time
    return {
        symbol: Stored(
            dict(sorted(newest.items(), key=lambda item: INTERVALS.index(item[0]))),
            symbol in simulated,
            exchange.opens.minute if (exchange := exchange_of(symbol)) else 0,
        )
        for symbol, newest in sorted(found.items())
    }
