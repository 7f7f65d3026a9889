"""Knows when each market trades: holidays, half days, daylight saving, extended hours.

In: a symbol and an instant of the market's clock. Out: the session that started last, the
bars that a stretch of time can hold, and whether a bar can still change.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import exchange_calendars

from services.common.bar import INTERVAL_MINUTES
from services.producer.series import DAY, Series

SETTLE: Final = timedelta(seconds=30)
"""An intraday bar may still change this long after its end."""
DAY_SETTLE: Final = timedelta(minutes=15)
"""A daily bar may still change this long after the close."""
_NEW_YORK: Final = "XNYS"
_BY_SUFFIX: Final = {"LON": "XLON", "TRT": "XTSE", "TRV": "XTSE", "DEX": "XETR"}
_PRE_MARKET_OPENS: Final = time(4)
_AFTER_HOURS: Final = timedelta(hours=4)
_PAST: Final = timedelta(days=400)
_FUTURE: Final = timedelta(days=60)


@dataclass(frozen=True)
class Session:
    """A trading day: its date, its first and last possible trade, its regular open and close."""

    day: date
    starts: datetime
    opens: datetime
    closes: datetime
    ends: datetime


def market_of(symbol: str) -> str:
    """Return the calendar of the symbol's market; one that is not known follows New York's."""
    return _BY_SUFFIX.get(symbol.rpartition(".")[2], _NEW_YORK)


class Sessions:
    """The trading days of all markets around the market clock's present."""

    def __init__(self, extended_hours: bool) -> None:
        self._extended_hours = extended_hours
        self._tables: dict[str, list[Session]] = {}

    def latest(self, symbol: str, now: datetime) -> Session:
        """Return the session that started last before or at `now` (UTC)."""
        table = self._table(market_of(symbol), now)
        return table[max(0, bisect_right(table, now, key=lambda session: session.starts) - 1)]

    def closed(self, symbol: str, now: datetime) -> Session:
        """Return the last session whose regular trading has ended at `now` (UTC)."""
        table = self._table(market_of(symbol), now)
        return table[max(0, bisect_right(table, now, key=lambda session: session.closes) - 1)]

    def bars_between(self, series: Series, start: datetime, end: datetime) -> int:
        """Return how many bars can begin or change in [start, end], at most."""
        table = self._table(market_of(series.symbol), end)
        if series.interval == DAY:
            return (
                sum(1 for session in table if start <= session.closes and session.opens <= end) + 1
            )
        traded = sum(
            (
                max(timedelta(), min(end, session.ends) - max(start, session.starts))
                for session in table
            ),
            timedelta(),
        )
        return int(traded / timedelta(minutes=INTERVAL_MINUTES[series.interval])) + 2

    def is_final(
        self, series: Series, exchange_time: str, zone: str, now: datetime, lag: timedelta
    ) -> bool:
        """Return whether the bar can no longer be forming at the market instant `now`.

        `lag` is how far the vendor's data runs behind. A time or zone that cannot be read
        belongs to no final bar.
        """
        try:
            local = datetime.fromisoformat(exchange_time)
            if series.interval == DAY:
                return self._day_is_final(series.symbol, local.date(), now, lag)
            starts = local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
            ends = starts + timedelta(minutes=INTERVAL_MINUTES[series.interval])
            return ends + lag + SETTLE <= now
        except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
            return False

    def _day_is_final(self, symbol: str, day: date, now: datetime, lag: timedelta) -> bool:
        table = self._table(market_of(symbol), now)
        place = bisect_right(table, day, key=lambda session: session.day) - 1
        if place >= 0 and table[place].day == day:
            return table[place].closes + lag + DAY_SETTLE <= now
        return datetime.combine(day, time(), UTC) + timedelta(days=2) <= now

    def _table(self, market: str, now: datetime) -> list[Session]:
        table = self._tables.get(market)
        margin = timedelta(days=10)
        if table is None or not table[0].starts + margin <= now <= table[-1].starts - margin:
            table = self._tables[market] = _load(market, now, self._extended_hours)
        return table


def _load(market: str, now: datetime, extended_hours: bool) -> list[Session]:
    calendar = exchange_calendars.get_calendar(
        market, start=(now - _PAST).date().isoformat(), end=(now + _FUTURE).date().isoformat()
    )
    zone = ZoneInfo(str(calendar.tz))
    return [
        _session(row.Index.date(), row.open.to_pydatetime(), row.close.to_pydatetime(), zone)
        if extended_hours and market == _NEW_YORK
        else _regular(row.Index.date(), row.open.to_pydatetime(), row.close.to_pydatetime())
        for row in calendar.schedule[["open", "close"]].itertuples()
    ]


def _regular(day: date, opens: datetime, closes: datetime) -> Session:
    return Session(day, opens, opens, closes, closes)


def _session(day: date, opens: datetime, closes: datetime, zone: ZoneInfo) -> Session:
    # After-hours trading lasts four hours from the close, on half days too (13:00 to 17:00).
    starts = datetime.combine(day, _PRE_MARKET_OPENS, zone).astimezone(UTC)
    return Session(day, starts, opens, closes, closes + _AFTER_HOURS)
