"""How many calls a key may make: by second and day on the free plan, by minute on the others.

Limits follow real time, never the market clock. A refused call counts like any other.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final

_KEYS_KEPT: Final = 1_000
_BURSTS: Final = ((150, 5), (300, 10), (600, 20), (1200, 30))
"""Calls a second that users of the plans up to so many calls a minute report (not documented)."""


@dataclass(frozen=True)
class Plan:
    """A subscription; None means no limit of that kind."""

    name: str
    per_second: int | None = None
    per_minute: int | None = None
    per_day: int | None = None

    @property
    def premium(self) -> bool:
        """Whether the plan is paid for."""
        return self.name != "free"

    @property
    def realtime(self) -> bool:
        """Whether the plan may carry the entitlement to real-time data."""
        return self.premium and (self.per_minute is None or self.per_minute >= 150)


def parse_plan(text: str) -> Plan:
    """Return the plan that `free`, `unlimited` or a number of calls a minute names.

    Raises ValueError.
    """
    if text == "free":
        return Plan(text, per_second=1, per_day=25)
    if text == "unlimited":
        return Plan(text)
    if not re.fullmatch(r"[1-9]\d{0,6}", text):
        raise ValueError(text)
    calls = int(text)
    return Plan(text, next((burst for top, burst in _BURSTS if calls <= top), None), calls)


@dataclass(frozen=True)
class Standing:
    """What is left of a limit, as RapidAPI tells it in headers."""

    limit: int
    remaining: int
    reset_seconds: int


@dataclass
class _Account:
    calls: deque[float]
    day: date
    today: int = 0


@dataclass
class Limiter:
    """Counts the calls of each key. `monotonic` gives seconds, `utc_now` the real instant."""

    plan: Plan
    monotonic: Callable[[], float]
    utc_now: Callable[[], datetime]
    _accounts: OrderedDict[str, _Account] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, key: str) -> str | None:
        """Count a call; return None, or the envelope that it meets."""
        with self._lock:
            account, now = self._account(key), self.monotonic()
            account.today += 1
            refusal = self._refusal(account, now)
            account.calls.append(now)
            return refusal

    def standing(self, key: str) -> Standing | None:
        """Return what the key has left of its day or minute; None without such a limit."""
        with self._lock:
            account, now = self._account(key), self.monotonic()
            if self.plan.per_day:
                tomorrow = datetime.combine(account.day + timedelta(days=1), time())
                wait = tomorrow - self.utc_now().replace(tzinfo=None)
                left = max(0, self.plan.per_day - account.today)
                return Standing(self.plan.per_day, left, int(wait.total_seconds()))
            if self.plan.per_minute:
                recent = [call for call in account.calls if now - call < 60]
                reset = int(60 - (now - recent[0])) if recent else 0
                left = self.plan.per_minute - len(recent)
                return Standing(self.plan.per_minute, left, reset)
            return None

    def _account(self, key: str) -> _Account:
        today = self.utc_now().date()
        account = self._accounts.get(key)
        if account is None:
            longest = max(self.plan.per_second or 0, self.plan.per_minute or 0)
            account = self._accounts[key] = _Account(deque(maxlen=longest), today)
        self._accounts.move_to_end(key)
        if len(self._accounts) > _KEYS_KEPT:
            self._accounts.popitem(last=False)
        if account.day != today:
            account.day, account.today = today, 0
        return account

    def _refusal(self, account: _Account, now: float) -> str | None:
        if self.plan.per_day and account.today > self.plan.per_day:
            return "daily"
        if _reached(account.calls, self.plan.per_minute, now - 60):
            return "minute"
        if _reached(account.calls, self.plan.per_second, now - 1):
            return "burst_premium" if self.plan.premium else "burst"
        return None


def _reached(calls: deque[float], limit: int | None, since: float) -> bool:
    """Whether that many calls were made after `since`."""
    return limit is not None and len(calls) >= limit and calls[-limit] > since
