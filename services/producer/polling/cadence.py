"""Says whether a series has to be asked for, and how long to wait until the next time. Pure.

A closed market is not polled once its last session is complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from services.producer.alpha_vantage.quota_planner import Plan, attempt_seconds, poll_seconds
from services.producer.market_calendar import DAY_SETTLE, SETTLE, Session
from services.producer.series import DAY, HighWaterMark, Series

DELAY: Final = timedelta(minutes=15)
"""How far delayed data runs behind the market."""


class Phase(Enum):
    """Why a series is asked for now, or that it is not."""

    FIRST = auto()  # never covered
    OPEN = auto()  # bars are forming, or have not been seen final
    MISSING = auto()  # the session is over and the vendor does not have it yet
    UNSCHEDULED = auto()  # of no known exchange: it may trade at any time
    IDLE = auto()  # complete, and the market is closed


def lag(freshness: str) -> timedelta:
    """Return how far data of this freshness runs behind the market."""
    return timedelta() if freshness in ("realtime", "simulated", "end_of_day") else DELAY


def day_settle(spacing_seconds: float) -> timedelta:
    """Return how long after the close a daily bar is first asked for.

    The fewer tries a day has, the later the first, since the vendor adds the bar late.
    """
    return DAY_SETTLE + timedelta(seconds=min(14_400.0, spacing_seconds / 6))


@dataclass(frozen=True)
class Market:
    """The market of a symbol at the instant `now`: the session that started last, and the last
    one whose regular trading has ended."""

    now: datetime
    latest: Session
    closed: Session


@dataclass(frozen=True)
class Pace:
    """What all series share: the plan, how many there are, the least seconds between polls."""

    plan: Plan
    series_count: int
    floor_seconds: float


def phase(
    series: Series,
    high_water_mark: HighWaterMark | None,
    market: Market | None,
    freshness: str,
    pace: Pace,
) -> Phase:
    """Return the phase of a series at the market's instant; no market is known of some."""
    if high_water_mark is None:
        return Phase.FIRST
    if market is None:
        return Phase.UNSCHEDULED
    if series.interval == DAY:
        return _day_phase(high_water_mark, market, pace)
    ends = market.latest.ends + lag(freshness) + SETTLE
    if market.now <= ends:
        return Phase.OPEN
    if freshness == "historical":
        return Phase.IDLE if _has(high_water_mark, market.closed) else Phase.MISSING
    return Phase.OPEN if high_water_mark.asked_at < ends else Phase.IDLE


def _day_phase(high_water_mark: HighWaterMark, market: Market, pace: Pace) -> Phase:
    open_now = market.latest.opens <= market.now < market.latest.closes
    if open_now and pace.plan.per_day is None:
        return Phase.OPEN
    closed = market.closed.close_is_set
    if _has(high_water_mark, market.closed) and high_water_mark.asked_at >= closed + DAY_SETTLE:
        return Phase.IDLE
    settle = day_settle(attempt_seconds(pace.plan, pace.series_count, DAY))
    return Phase.MISSING if market.now >= closed + settle else Phase.IDLE


def _has(high_water_mark: HighWaterMark, session: Session) -> bool:
    return high_water_mark.newest_bar[:10] >= session.day.isoformat()


def pause_seconds(at: Phase, series: Series, freshness: str, pace: Pace) -> float:
    """Return the real seconds between two calls for a series in this phase."""
    plan, count = pace.plan, pace.series_count
    function = series.market.function(series.interval)
    # An answer that is always all of a history is not asked for by the second.
    is_whole = function is not None and not function.has_size
    waits = is_whole or at in (Phase.MISSING, Phase.UNSCHEDULED)
    if waits or (series.interval == DAY and plan.per_day is not None):
        return attempt_seconds(plan, count, series.interval)
    return poll_seconds(plan, count, pace.floor_seconds, freshness)
