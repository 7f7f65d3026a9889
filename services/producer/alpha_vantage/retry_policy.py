"""What follows from an answer that brought no bars: wait, all or one, for how long, or end. Pure.

No series is left for good: the vendor's outages use the words of its refusals. Nor does one that
fails take calls from the others: it keeps to its share, and in the end to one call a day.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from tenacity import RetryCallState, Retrying, wait_random_exponential

from services.producer.alpha_vantage.classify import REFUSALS, Kind, Verdict
from services.producer.alpha_vantage.quota_planner import DAY_SECONDS
from services.producer.alpha_vantage.rate_limiter import next_utc_day
from services.producer.series import FULL, Slice

DAY_JITTER_SECONDS: Final = 300.0
GIVEN_UP_AFTER: Final = timedelta(days=3)
"""What has failed for so long is tried once a day."""
_MINUTE_SECONDS: Final = 60.0
_QUICK_SECONDS: Final = (1.0, 60.0)
_SLOW_SECONDS: Final = (30.0, 900.0)
_REFUSED_SECONDS: Final = (60.0, 3_600.0)
_CAPPED_SECONDS: Final = (60.0, 14_400.0)
"""With a daily cap each try is dear."""
LIMITS: Final = frozenset((Kind.BURST, Kind.MINUTE, Kind.TOO_MANY))
_SLOW_KINDS: Final = frozenset(
    (Kind.UNKNOWN, Kind.MISMATCH, Kind.CLIENT_ERROR, Kind.TOO_LARGE, Kind.MOVED)
)
_NO_SERIES: Final = REFUSALS | {Kind.EMPTY, Kind.MISMATCH}
"""Answers that speak of the series, where others may have theirs."""


class Action(Enum):
    """What to do with the series, or with all of them."""

    PAUSE_ALL = auto()
    STOP_UNTIL = auto()
    RETRY = auto()
    NO_BARS = auto()
    STEP_DOWN = auto()
    EXIT = auto()


@dataclass(frozen=True)
class Consequence:
    """An action with the seconds to wait (PAUSE_ALL, RETRY) or the instant (STOP_UNTIL).
    `given_up`: the wait is long, as another call would bring no more."""

    action: Action
    seconds: float = 0.0
    until: datetime | None = None
    given_up: bool = False


@dataclass(frozen=True)
class Trial:
    """What was asked, and how it went before.

    `attempts` counts the failures in a row since `since`, this one among them; `limits` the limits
    that all series have met in a row. `worked`: the series has had bars. `spacing_seconds` is what
    the plan leaves a series between two calls, `calls_left` its share of this day's calls where
    the plan caps the day.
    """

    part: Slice
    attempts: int
    since: datetime
    worked: bool
    beside: bool = False
    limits: int = 0
    spacing_seconds: float = 0.0
    calls_left: int | None = None


def consequence(verdict: Verdict, trial: Trial, now: datetime, dice: random.Random) -> Consequence:
    """Return what follows from a verdict other than DATA at the real instant `now`."""
    kind = verdict.kind
    if kind in LIMITS or kind is Kind.DAILY:
        return _limit(verdict, trial, now, dice)
    if kind is Kind.BAD_KEY:
        return Consequence(Action.EXIT)
    # A month before the symbol was listed is answered as a bad call, or with no bars.
    if (trial.part.month or (trial.beside and trial.part == FULL)) and kind in _NO_SERIES:
        return Consequence(Action.NO_BARS)
    if trial.part == FULL and kind in REFUSALS:
        return Consequence(Action.STEP_DOWN)
    seconds = _retry_seconds(kind, trial, now)
    if kind is not Kind.UNREACHABLE:  # which costs no call
        seconds = max(seconds, verdict.wait_seconds or 0.0, _share_seconds(trial, now, dice))
    lasting = now - trial.since >= GIVEN_UP_AFTER and kind in _NO_SERIES
    return Consequence(Action.RETRY, seconds, given_up=lasting or kind in REFUSALS)


def _limit(verdict: Verdict, trial: Trial, now: datetime, dice: random.Random) -> Consequence:
    kind, wait = verdict.kind, verdict.wait_seconds or 0.0
    if kind is Kind.DAILY:
        until = now + timedelta(seconds=wait) if wait else next_utc_day(now)
        jitter = timedelta(seconds=dice.uniform(0, DAY_JITTER_SECONDS))
        return Consequence(Action.STOP_UNTIL, until=until + jitter)
    least = _MINUTE_SECONDS if kind is Kind.MINUTE else 1.0
    grown = backoff_seconds(trial.limits, *_QUICK_SECONDS)
    return Consequence(Action.PAUSE_ALL, max(wait, least, grown) + dice.random())


def _share_seconds(trial: Trial, now: datetime, dice: random.Random) -> float:
    """Return the wait until the series may call without taking a call from the others."""
    if trial.calls_left is None or trial.calls_left > 0:
        return trial.spacing_seconds
    tomorrow = (next_utc_day(now) - now).total_seconds()
    return max(trial.spacing_seconds, tomorrow + dice.uniform(0, DAY_JITTER_SECONDS))


def _retry_seconds(kind: Kind, trial: Trial, now: datetime) -> float:
    capped = trial.calls_left is not None and kind is not Kind.UNREACHABLE
    first, longest = _QUICK_SECONDS
    if kind in _SLOW_KINDS:
        first, longest = _SLOW_SECONDS
    if kind in REFUSALS:
        first, longest = _REFUSED_SECONDS
    if capped:
        first, longest = _CAPPED_SECONDS
    # Its outages apart, the vendor means it where the series never had bars.
    if kind in REFUSALS and not trial.worked and (capped or trial.attempts > 1):
        return DAY_SECONDS
    if now - trial.since >= GIVEN_UP_AFTER and (capped or kind in _NO_SERIES):
        return DAY_SECONDS if capped or not trial.worked else _REFUSED_SECONDS[1]
    return backoff_seconds(trial.attempts, first, longest)


def backoff_seconds(attempts: int, first: float, longest: float) -> float:
    """Return a wait that grows with the failures in a row, with full jitter above `first` / 2."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    waits = wait_random_exponential(multiplier=first, min=first / 2, max=longest)
    return float(waits(state))
