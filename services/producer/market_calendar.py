"""Knows when each market trades: holidays, half days, daylight saving, extended hours.

In: a symbol and an instant of the market's clock. Out: the session that started last, the
bars that a stretch of time can hold, and whether a bar can still change. Of a symbol whose suffix
names no exchange nothing is known: it may trade at any time.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.calendars.sessions import ENDING, TradingDay, known_until, trading_days
from services.common.market.bar import INTERVAL_MINUTES
from services.common.market.exchanges import EVENING, NEW_YORK, Exchange, exchange_of
from services.producer.series import DAY, Series

SETTLE: Final = timedelta(seconds=30)
"""An intraday bar may still change this long after its end."""
DAY_SETTLE: Final = timedelta(minutes=15)
"""A daily bar may still change this long after the official close."""
_LONG_AGO: Final = timedelta(days=4)
"""So long after its local time a bar is final on every clock and in every session."""
_PAST: Final = timedelta(days=400)
_FUTURE: Final = timedelta(days=60)
_DAY: Final = timedelta(days=1)
_FIRST: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - on whichever clock the exchange has


@dataclass(frozen=True)
class Session:
    """A trading day: its date, its first and last possible trade, its regular open and close, and
    when its official close is set, by an auction for instance."""

    day: date
    starts: datetime
    opens: datetime
    closes: datetime
    ends: datetime
    close_is_set: datetime


def clock_of(series: Series, answered: str) -> str:
    """Return the clock of a series' times, where the answer says `answered`.

    Dates are days of the exchange, whatever the answer says: it says "US/Eastern" for all of them.
    """
    exchange = exchange_of(series.symbol)
    if series.interval != DAY or exchange in (None, NEW_YORK):
        return answered
    return exchange.zone


class Sessions:
    """The trading days of all markets around the market clock's present.

    `overnight`: the source has the bars of New York's nights as well.
    """

    def __init__(self, extended_hours: bool, overnight: bool = False) -> None:
        self._extended_hours = extended_hours
        self._overnight = overnight
        self._tables: dict[str, list[Session]] = {}

    def latest(self, symbol: str, now: datetime) -> Session | None:
        """Return the session that started last before or at `now` (UTC); None: no exchange."""
        exchange = exchange_of(symbol)
        if exchange is None:
            return None
        table = self._table(exchange, now)
        return table[max(0, bisect_right(table, now, key=lambda session: session.starts) - 1)]

    def closed(self, symbol: str, now: datetime) -> Session | None:
        """Return the last session whose regular trading has ended at `now` (UTC)."""
        exchange = exchange_of(symbol)
        if exchange is None:
            return None
        table = self._table(exchange, now)
        return table[max(0, bisect_right(table, now, key=lambda session: session.closes) - 1)]

    def bars_between(self, series: Series, start: datetime, end: datetime) -> int:
        """Return how many bars can begin or change in [start, end], at most."""
        exchange = exchange_of(series.symbol)
        if exchange is None:
            return _bars_of(series, max(end - start, timedelta())) + 2
        table = self._table(exchange, end)
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
        return _bars_of(series, traded) + 2

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
            return self._ends(series, starts) + lag + SETTLE <= now
        except (ValueError, OverflowError, ZoneInfoNotFoundError, OSError):
            return False

    def judge(
        self, series: Series, zone: str, now: datetime, lag: timedelta
    ) -> Callable[[str], bool]:
        """Return what says of each exchange time of one answer what `is_final` says of it."""
        before = now.astimezone(UTC).replace(tzinfo=None) - lag - _LONG_AGO
        knows_zone = series.interval == DAY or _is_zone(zone)

        def is_final(exchange_time: str) -> bool:
            try:
                # A month of minutes is long ago nearly all of it.
                if knows_zone and _FIRST < datetime.fromisoformat(exchange_time) < before:
                    return True
            except (ValueError, TypeError):  # TypeError: it names an offset of its own
                pass
            return self.is_final(series, exchange_time, zone, now, lag)

        return is_final

    def ending(self, symbols: Iterable[str], now: datetime) -> list[tuple[str, date]]:
        """Return the exchanges of `symbols` whose calendar ends soon, each with its last date."""
        ends = self.ends(symbols).items()
        return [(code, end) for code, end in ends if end <= (now + ENDING).date()]

    def ends(self, symbols: Iterable[str]) -> dict[str, date]:
        """Return the last date that is known of each exchange of `symbols` whose calendar ends."""
        exchanges = {exchange.code: exchange for each in symbols if (exchange := exchange_of(each))}
        ends = ((code, known_until(each.calendar)) for code, each in sorted(exchanges.items()))
        return {code: end for code, end in ends if end is not None}

    def _ends(self, series: Series, starts: datetime) -> datetime:
        """Return when an intraday bar ends: the last of a session with it, whatever its length."""
        ends = starts + timedelta(minutes=INTERVAL_MINUTES[series.interval])
        session = self.latest(series.symbol, starts)
        if session is None or not session.starts <= starts < session.ends:
            return ends
        return min(ends, session.ends)

    def _day_is_final(self, symbol: str, day: date, now: datetime, lag: timedelta) -> bool:
        exchange = exchange_of(symbol)
        if exchange is not None:
            table = self._table(exchange, now)
            place = bisect_right(table, day, key=lambda session: session.day) - 1
            if place >= 0 and table[place].day == day:
                return table[place].close_is_set + lag + DAY_SETTLE <= now
        return datetime.combine(day, time(), UTC) + timedelta(days=2) <= now

    def _table(self, exchange: Exchange, now: datetime) -> list[Session]:
        table = self._tables.get(exchange.code)
        margin = timedelta(days=10)
        if table is None or not table[0].starts + margin <= now <= table[-1].starts - margin:
            days = trading_days(exchange, (now - _PAST).date(), (now + _FUTURE).date())
            table = self._tables[exchange.code] = [self._session(exchange, day) for day in days]
        return table

    def _session(self, exchange: Exchange, day: TradingDay) -> Session:
        zone, starts = ZoneInfo(exchange.zone), day.opens_at
        # A closing auction is traded as well, where nothing else is after the close.
        auction = max(timedelta(), exchange.close_delay - exchange.late_closes_after)
        ends = day.closes_at + auction
        if self._extended_hours:
            # Trading after hours lasts as long after the close of a half day (13:00 to 17:00).
            ends += exchange.late_closes_after
            if exchange.early_opens is not None:
                starts = datetime.combine(day.day, exchange.early_opens, zone)
            if self._overnight and exchange.has_overnight:
                starts = datetime.combine(day.day - _DAY, EVENING, zone)
        return Session(
            day.day,
            starts.astimezone(UTC),
            day.opens_at,
            day.closes_at,
            ends,
            day.closes_at + exchange.close_delay,
        )


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        return False
    return True


def _bars_of(series: Series, stretch: timedelta) -> int:
    minutes = INTERVAL_MINUTES.get(series.interval, 24 * 60)
    return int(stretch / timedelta(minutes=minutes))
