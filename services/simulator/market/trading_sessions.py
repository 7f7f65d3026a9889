"""The trading sessions of the US market: what the exchange calendar knows, as plain values.

Holidays, half days and daylight saving come from the calendar library and from the time zone
database; the rest of the simulator counts minutes of a session.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import exchange_calendars

EASTERN: Final = ZoneInfo("US/Eastern")

EXTENDED_OPEN: Final = 240
"""Minute of the day (04:00) at which trading before the regular session begins."""

_AFTER_HOURS: Final = 240  # trading goes on for four hours after the regular close
_FIRST_DAY: Final = date(2000, 1, 1)  # Alpha Vantage has no intraday bar before 2000


@dataclass(frozen=True)
class Session:
    """One trading day. `index` counts sessions since 2000, `begins_at` is 04:00 in UTC,
    `regular_open` and `regular_close` are minutes of the day on the exchange's clock."""

    day: date
    index: int
    begins_at: datetime
    regular_open: int
    regular_close: int

    @property
    def minutes(self) -> int:
        """Length in minutes, from 04:00 to the end of trading after hours."""
        return self.regular_close + _AFTER_HOURS - EXTENDED_OPEN

    @property
    def regular_opens_at(self) -> datetime:
        """The instant (UTC) at which the regular session begins."""
        return self.begins_at + timedelta(minutes=self.regular_open - EXTENDED_OPEN)

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


def load_sessions(present: datetime) -> Sessions:
    """Return the sessions of the New York exchanges from 2000 to a year after `present`."""
    calendar = exchange_calendars.get_calendar(
        "XNYS", start=_FIRST_DAY, end=present.date() + timedelta(days=365)
    )
    opens = calendar.opens.dt.tz_convert(EASTERN)
    closes = calendar.closes.dt.tz_convert(EASTERN)
    return Sessions(
        tuple(
            _session(index, opened.to_pydatetime(), closed.to_pydatetime())
            for index, (opened, closed) in enumerate(zip(opens, closes, strict=True))
        )
    )


def _session(index: int, opens_at: datetime, closes_at: datetime) -> Session:
    day = opens_at.date()
    return Session(
        day=day,
        index=index,
        begins_at=datetime.combine(day, time(EXTENDED_OPEN // 60), EASTERN).astimezone(UTC),
        regular_open=opens_at.hour * 60 + opens_at.minute,
        regular_close=closes_at.hour * 60 + closes_at.minute,
    )
