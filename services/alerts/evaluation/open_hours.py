"""For how long a market was open after a bar and before the next one. Pure.

Hours that are only assumed are none: of a holiday that nobody knew of no silence is told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from services.alerts.evaluation.series import length
from services.alerts.rules.bars import Bar


class Session(NamedTuple):
    """The regular hours of a trading day, and its noon break if it has one."""

    day: date
    opens_at: datetime
    closes_at: datetime
    break_starts_at: datetime | None = None
    break_ends_at: datetime | None = None


@dataclass(frozen=True)
class OpenHours:
    """Sessions of an exchange in the order of time, and the instant where its market stands."""

    sessions: Sequence[Session]
    present: datetime

    @cached_property
    def _closes(self) -> list[datetime]:
        return [session.closes_at for session in self.sessions]

    @cached_property
    def _by_day(self) -> dict[date, Session]:
        return {session.day: session for session in self.sessions}

    def seconds(self, since: datetime, until: datetime) -> float:
        """Return for how long the market was open in between."""
        total = 0.0
        for session in self.sessions[bisect_right(self._closes, since) :]:
            if session.opens_at >= until:
                break
            total += _overlap(since, until, session.opens_at, session.closes_at)
            if session.break_starts_at is not None and session.break_ends_at is not None:
                total -= _overlap(since, until, session.break_starts_at, session.break_ends_at)
        return total

    def quiet_seconds(
        self, interval: str, bar: tuple[datetime, date], following: tuple[datetime, date] | None
    ) -> float:
        """Return for how long it was open between a bar and the one that follows, each by its time
        and its session. Where none does, as far as one that had begun would be whole by now."""
        size = length(interval)
        since = bar[0] + size
        until = self.present - size if following is None else following[0]
        if interval == "1d":
            # The day of a bar may begin on an evening before, and last over a weekend.
            if bar[1] in self._by_day:
                since = self._by_day[bar[1]].closes_at
            if following is not None and following[1] in self._by_day:
                until = self._by_day[following[1]].opens_at
        return self.seconds(since, until) if until > since else 0.0


def with_quiet(bars: Sequence[Bar], interval: str, hours: OpenHours | None) -> list[Bar]:
    """Return bars that follow each other, told for how long it was quiet after each; the last one
    is taken for the last of its series. Without hours nobody can tell."""
    if hours is None:
        return list(bars)
    found = []
    for place, bar in enumerate(bars):
        following = bars[place + 1] if place + 1 < len(bars) else None
        quiet = hours.quiet_seconds(
            interval,
            (bar.time, bar.session),
            None if following is None else (following.time, following.session),
        )
        found.append(bar._replace(quiet_seconds=quiet))
    return found


def _overlap(since: datetime, until: datetime, begin: datetime, end: datetime) -> float:
    return max(timedelta(), min(until, end) - max(since, begin)).total_seconds()
