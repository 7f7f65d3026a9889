"""The trading sessions of an exchange: what its calendar knows, as plain values.

Holidays, half days and daylight saving come from the calendar library and from the time zone
database; the rest of the simulator counts minutes of a session.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.calendars.sessions import TradingDay, trading_days
from services.common.market.exchanges import EVENING, NEW_YORK, Exchange

EASTERN: Final = ZoneInfo("US/Eastern")

EXTENDED_OPEN: Final = 240
"""Minute of the day (04:00) at which trading before the regular session begins."""

_AFTER_HOURS: Final = 240  # trading goes on for four hours after the regular close
_FIRST_DAY: Final = date(2000, 1, 1)  # Alpha Vantage has no intraday bar before 2000
_ELSEWHERE_YEARS: Final = 5  # to read a calendar takes a second for twenty years
_NIGHT_BEGINS: Final = -240
_WHOLE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Session:
    """One trading day, or the night before it. `index` counts sessions since the first one,
    `begins_at` is the instant of `first_minute`, which like `regular_open` and `regular_close` is a
    minute of the day on the exchange's clock; of a night it is negative, and where a day is traded
    from one end to the other they count from its beginning. None trades in the noon break;
    `is_flat`: hardly anything does, and at one price."""

    day: date
    index: int
    begins_at: datetime
    regular_open: int
    regular_close: int
    first_minute: int = EXTENDED_OPEN
    late_minutes: int = _AFTER_HOURS
    noon_break: tuple[int, int] | None = None
    is_flat: bool = False

    @property
    def is_night(self) -> bool:
        """Return whether it is the night before the day."""
        return self.first_minute < 0

    @property
    def minutes(self) -> int:
        """Length in minutes, trading before and after hours included."""
        return self.regular_close + self.late_minutes - self.first_minute

    @property
    def regular_opens_at(self) -> datetime:
        """The instant (UTC) at which the regular session begins."""
        return self.begins_at + timedelta(minutes=self.regular_open - self.first_minute)

    @property
    def ends_at(self) -> datetime:
        """The instant (UTC) at which trading after hours ends."""
        return self.begins_at + timedelta(minutes=self.minutes)


class Sessions:
    """All sessions of a span of years, in order."""

    def __init__(self, sessions: tuple[Session, ...]) -> None:
        self._sessions = sessions
        self._begins = [session.begins_at for session in sessions]
        self._days = [session.day for session in sessions]

    @property
    def all(self) -> tuple[Session, ...]:
        """Every session, in order."""
        return self._sessions

    def on(self, day: date) -> Session | None:
        """Return the session of a day, or None if the market is closed on it."""
        place = bisect_left(self._days, day)
        found = self._sessions[place : place + 1]
        return found[0] if found and found[0].day == day else None

    def days(self) -> Sequence[date]:
        """Return the days of all sessions, in order."""
        return self._days

    def newest_first(self, now: datetime, until: date | None = None) -> Iterator[Session]:
        """Yield the sessions that have begun at `now`, newest first; none after day `until`."""
        place = bisect_right(self._begins, now)
        if until is not None:
            place = min(place, bisect_right(self._days, until))
        return (self._sessions[index] for index in range(place - 1, -1, -1))

    def last_ended(self, now: datetime) -> Session | None:
        """Return the newest session that is wholly over at `now`, after hours included."""
        return next((s for s in self.newest_first(now) if s.ends_at <= now), None)


def load_sessions(present: datetime, exchange: Exchange = NEW_YORK) -> Sessions:
    """Return the sessions of an exchange until a year after `present`: New York's from 2000, those
    of others from some years before."""
    first = _FIRST_DAY
    if exchange is not NEW_YORK:
        first = date(present.year - _ELSEWHERE_YEARS, 1, 1)
    days = trading_days(exchange, first, present.date() + timedelta(days=365))
    return Sessions(tuple(_session(index, exchange, day) for index, day in enumerate(days)))


def nights(sessions: Sessions) -> Sessions:
    """Return the nights before sessions of New York, from 20:00 to 04:00."""
    return Sessions(tuple(_night(session) for session in sessions.all))


def _session(index: int, exchange: Exchange, day: TradingDay) -> Session:
    if day.closes_at - day.opens_at == _WHOLE_DAY:
        return Session(
            *(day.day, index, day.opens_at, 0, _WHOLE_DAY // timedelta(minutes=1)),
            first_minute=0,
            late_minutes=0,
            is_flat=day.is_assumed,
        )
    zone = ZoneInfo(exchange.zone)

    def minute(instant: datetime) -> int:
        local = instant.astimezone(zone)
        return local.hour * 60 + local.minute

    opens = minute(day.opens_at)
    early = exchange.early_opens
    first = opens if early is None else early.hour * 60 + early.minute
    return Session(
        day=day.day,
        index=index,
        begins_at=day.opens_at.astimezone(UTC) - timedelta(minutes=opens - first),
        regular_open=opens,
        regular_close=minute(day.closes_at),
        first_minute=first,
        late_minutes=exchange.late_closes_after // timedelta(minutes=1),
        noon_break=_noon_break(day, minute),
    )


def _noon_break(day: TradingDay, minute: Callable[[datetime], int]) -> tuple[int, int] | None:
    if day.break_starts_at is None or day.break_ends_at is None:
        return None
    return minute(day.break_starts_at), minute(day.break_ends_at)


def _night(session: Session) -> Session:
    evening = datetime.combine(session.day - timedelta(days=1), EVENING, EASTERN)
    return Session(
        day=session.day,
        index=session.index,
        begins_at=evening.astimezone(UTC),
        regular_open=EXTENDED_OPEN,
        regular_close=EXTENDED_OPEN,
        first_minute=_NIGHT_BEGINS,
        late_minutes=0,
    )
