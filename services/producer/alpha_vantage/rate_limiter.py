"""Says when the next call may leave, so that no limit of the plan is exceeded in any window.

In: the plan's limits and the instants of earlier calls. Out: seconds to wait. Pure: the
caller brings both clocks, a monotonic one for seconds and minutes and UTC for the day.
"""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, time, timedelta
from typing import Final

from services.producer.alpha_vantage.quota_planner import Plan

# The vendor counts arrivals, and two calls may arrive closer together than they left.
SECOND_WINDOW: Final = 1.1
MINUTE_WINDOW: Final = 61.0


def next_utc_day(now: datetime) -> datetime:
    """Return the next UTC midnight after `now`, when the day's count is taken to start anew."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(), UTC)


class Pacer:
    """Counts the calls of one key in sliding windows of a second, a minute and the UTC day."""

    def __init__(self, plan: Plan) -> None:
        self._per_day = plan.per_day
        self._per_minute = plan.per_minute
        self._windows: list[tuple[float, int, deque[float]]] = [
            (seconds, limit, deque())
            for seconds, limit in (
                (SECOND_WINDOW, plan.per_second),
                (MINUTE_WINDOW, plan.per_minute),
            )
            if limit is not None
        ]
        self.reserved_a_minute = 0
        self._unreserved: deque[float] = deque()
        self._called_at: list[datetime] = []
        self._paused_until = float("-inf")
        self._stopped_until: datetime | None = None

    def restore(self, called_at: list[datetime], now: datetime, monotonic: float) -> None:
        """Take up the calls that an earlier process made, oldest first."""
        self._called_at = sorted(called_at)
        for instant in self._called_at:
            age = max(0.0, (now - instant).total_seconds())
            for seconds, _, calls in self._windows:
                if age < seconds:
                    calls.append(monotonic - age)

    def used_today(self, now: datetime) -> int:
        """Return the calls charged to the UTC day of `now`, or later if the clock was set back."""
        return sum(1 for instant in self._called_at if instant.date() >= now.date())

    def wait_seconds(self, now: datetime, monotonic: float) -> float:
        """Return the seconds until a call may leave; 0 means now."""
        waits = [0.0, self._paused_until - monotonic]
        if self._stopped_until is not None and now < self._stopped_until:
            waits.append((self._stopped_until - now).total_seconds())
        if self._per_day is not None and self.used_today(now) >= self._per_day:
            waits.append((next_utc_day(now) - now).total_seconds())
        for seconds, limit, calls in self._windows:
            if len(calls) >= limit:
                waits.append(calls[-limit] + seconds - monotonic)
        return max(waits)

    def unreserved_wait_seconds(self, now: datetime, monotonic: float) -> float:
        """Return the seconds until a call may leave that is none of those for which
        `reserved_a_minute` calls are kept."""
        waits = [self.wait_seconds(now, monotonic)]
        if self._per_minute is not None and self.reserved_a_minute:
            limit = max(1, self._per_minute - self.reserved_a_minute)
            calls = self._unreserved
            if len(calls) >= limit:
                waits.append(calls[-limit] + MINUTE_WINDOW - monotonic)
        return max(waits)

    def charge(self, now: datetime, monotonic: float, is_reserved: bool = False) -> None:
        """Count a call that is about to leave."""
        if self._per_minute is not None and not is_reserved:
            self._unreserved.append(monotonic)
            while len(self._unreserved) > self._per_minute:
                self._unreserved.popleft()
        if self._per_day is not None:
            self._called_at = [at for at in self._called_at if at.date() >= now.date()] + [now]
        for _, limit, calls in self._windows:
            calls.append(monotonic)
            while len(calls) > limit:
                calls.popleft()

    def refund(self, called_at: datetime) -> None:
        """Take back the day's charge for a call that never reached the network."""
        if called_at in self._called_at:
            self._called_at.remove(called_at)

    def pause(self, seconds: float, monotonic: float) -> None:
        """Let no call leave for `seconds`."""
        self._paused_until = max(self._paused_until, monotonic + seconds)

    def stop_until(self, instant: datetime) -> None:
        """Let no call leave before `instant`."""
        self._stopped_until = instant

    def stopped(self, now: datetime) -> bool:
        """Return whether the day's calls are used up."""
        if self._stopped_until is not None and now < self._stopped_until:
            return True
        return self._per_day is not None and self.used_today(now) >= self._per_day
