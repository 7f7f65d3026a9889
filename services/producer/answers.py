"""What follows from an answer that brought no bars: wait, stop until tomorrow, never again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from tenacity import RetryCallState, Retrying, wait_random_exponential

from services.producer.envelopes import PERMANENT, Kind, Verdict
from services.producer.pacing import next_utc_day
from services.producer.series import Slice

_PAUSE_SECONDS: Final = {Kind.BURST: 1.0, Kind.MINUTE: 60.0}
DAY_JITTER_SECONDS: Final = 300.0
_QUICK_SECONDS: Final = (1.0, 60.0)
_SLOW_SECONDS: Final = (30.0, 900.0)
_CAPPED_SECONDS: Final = (60.0, 14_400.0)
"""With a daily cap each try is dear."""
_SLOW_KINDS: Final = frozenset((Kind.UNKNOWN, Kind.MISMATCH, Kind.CLIENT_ERROR, Kind.TOO_LARGE))


class Action(Enum):
    """What to do with the series, or with all of them."""

    PAUSE_ALL = auto()
    STOP_UNTIL = auto()
    RETRY = auto()
    SKIP_MONTH = auto()
    BLOCK = auto()
    EXIT = auto()


@dataclass(frozen=True)
class Consequence:
    """An action with the seconds to wait (PAUSE_ALL, RETRY) or the instant (STOP_UNTIL)."""

    action: Action
    seconds: float = 0.0
    until: datetime | None = None


@dataclass(frozen=True)
class Trial:
    """What was asked: the slice, the failures in a row, and whether the plan caps the day."""

    part: Slice
    attempts: int
    capped: bool


def consequence(verdict: Verdict, trial: Trial, now: datetime, dice: random.Random) -> Consequence:
    """Return what follows from a verdict other than DATA at the real instant `now`."""
    kind, wait = verdict.kind, verdict.wait_seconds
    if kind in _PAUSE_SECONDS:
        return Consequence(Action.PAUSE_ALL, max(_PAUSE_SECONDS[kind], wait or 0) + dice.random())
    if kind is Kind.DAILY:
        until = next_utc_day(now) if wait is None else now + timedelta(seconds=wait)
        jitter = timedelta(seconds=dice.uniform(0, DAY_JITTER_SECONDS))
        return Consequence(Action.STOP_UNTIL, until=until + jitter)
    if kind is Kind.BAD_KEY:
        return Consequence(Action.EXIT)
    # A month before the symbol was listed is answered as a bad call, or with no bars.
    if trial.part.month and kind in (Kind.BAD_CALL, Kind.EMPTY):
        return Consequence(Action.SKIP_MONTH)
    if kind in PERMANENT:
        return Consequence(Action.BLOCK)
    bounds = _SLOW_SECONDS if kind in _SLOW_KINDS else _QUICK_SECONDS
    if trial.capped and kind is not Kind.UNREACHABLE:  # which costs no call
        bounds = _CAPPED_SECONDS
    seconds = backoff_seconds(trial.attempts, *bounds)
    return Consequence(Action.RETRY, max(seconds, wait or 0.0))


def backoff_seconds(attempts: int, first: float, longest: float) -> float:
    """Return a wait that grows with the failures in a row, with full jitter above `first` / 2."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempts
    waits = wait_random_exponential(multiplier=first, min=first / 2, max=longest)
    return float(waits(state))
