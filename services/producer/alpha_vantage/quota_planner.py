"""Plans the calls of a quota: which series an Alpha Vantage plan allows, how often each may call.

In: the plan's name, the series and the poll floor. Out: accepted and refused series and the
lines that say so. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from services.common.market.bar import INTERVAL_MINUTES
from services.producer.series import DAY, Series

DAY_SECONDS: Final = 86_400
_DAY_MINUTES: Final = 1_440
DAILY_RETRY_SECONDS: Final = 300.0
"""How long a daily bar that the vendor does not have yet is waited for, without a daily cap."""
UNENTITLED_FLOOR_SECONDS: Final = 60.0
"""Data without an entitlement changes once a day, so asking every second would gain nothing."""
REALTIME_PLAN_CALLS: Final = 150
_BURST_CALLS: Final = 20
_FREE_CALLS_A_MINUTE: Final = 5  # as the vendor's older wording has it
_FRESHNESS_TEXT: Final = {
    "simulated": "simulated",
    "realtime": "realtime",
    "delayed_15min": "15 minutes behind the market",
    "historical": "historical (no entitlement: the vendor adds a session after it has ended)",
    "end_of_day": "end of day",
}


@dataclass(frozen=True)
class Plan:
    """Calls allowed a second, a minute and a UTC day (None: no limit), and the kind of key."""

    name: str
    per_second: int | None
    per_minute: int | None
    per_day: int | None
    premium: bool


@dataclass(frozen=True)
class Refusal:
    """A series that the plan cannot serve, and the line that says why and what would fit."""

    series: Series
    reason: str


def parse_plan(text: str) -> Plan:
    """Return the plan named `free`, `unlimited` or a number of calls a minute.

    Raises ValueError with a text that says what would be right.
    """
    if text == "free":
        return Plan("free", 1, _FREE_CALLS_A_MINUTE, 25, premium=False)
    if text == "unlimited":
        return Plan("unlimited", None, None, None, premium=True)
    if not text.isdecimal() or not 1 <= int(text) <= 10_000_000:
        raise ValueError("it must be free, unlimited or a whole number of calls a minute")
    calls = int(text)
    # Twice the even rate, but within the vendor's burst limit: "query no more than 20 requests
    # per second". Larger plans than the vendor sells exist only in simulations.
    even = -(-calls // 60)
    per_second = max(even, min(2 * even, _BURST_CALLS))
    return Plan(f"{calls} calls a minute", per_second, calls, None, premium=True)


def fit(plan: Plan, wanted: Iterable[Series]) -> tuple[list[Series], list[Refusal]]:
    """Split the wanted series, in order, into those that fit the plan and those that do not.

    A series fits if each can be asked for once a bar (intraday), or once a day (1d).
    """
    accepted: list[Series] = []
    refused: list[Refusal] = []
    calls_a_day = 0
    for series in wanted:
        need = _calls_a_day(series)
        reason = _refusal(plan, series, len(accepted) + 1, calls_a_day + need)
        if reason is None:
            accepted.append(series)
            calls_a_day += need
        else:
            refused.append(Refusal(series, reason))
    return accepted, refused


def _calls_a_day(series: Series) -> int:
    return 1 if series.interval == DAY else _DAY_MINUTES // INTERVAL_MINUTES[series.interval]


def _refusal(plan: Plan, series: Series, count: int, calls_a_day: int) -> str | None:
    function = series.market.function(series.interval)
    if function is not None and function.is_premium and not plan.premium:
        what, instead = "intraday bars", "set INTERVALS=1d, or"
        if series.interval == DAY:
            what, instead = series.market.title, "leave it out, or set"
        return (
            f"{series}: {what} are a premium feature of Alpha Vantage; {instead} "
            "ALPHA_VANTAGE_PLAN to the calls a minute of a premium key"
        )
    if plan.per_day is not None and count > plan.per_day:
        return (
            f"{series}: {count} series need at least {count} calls a day and the plan has "
            f"{plan.per_day}; keep at most {plan.per_day} series, or take a premium key"
        )
    if plan.per_minute is not None and calls_a_day > plan.per_minute * _DAY_MINUTES:
        needed = -(-calls_a_day // _DAY_MINUTES)
        most = plan.per_minute * _DAY_MINUTES // _calls_a_day(series)
        return (
            f"{series}: a call a bar for every series needs a plan of {needed} calls a minute and "
            f"this one has {plan.per_minute}; keep fewer symbols (at most {most} of "
            f"{series.interval}), choose a longer interval in INTERVALS, or take a larger plan"
        )
    return None


def has_full(plan: Plan, series: Series) -> bool:
    """Return whether more than the newest 100 bars of a series can be had at once."""
    function = series.market.function(series.interval)
    return plan.premium or (function is not None and not function.full_is_premium)


def attempt_seconds(plan: Plan, series_count: int, interval: str) -> float:
    """Return the seconds between two tries for a bar that the vendor does not have yet.

    A daily cap is spread over the day, so that no series can spend what the others need.
    """
    calls = share(plan, series_count)
    if calls is not None:
        return DAY_SECONDS / calls
    return DAILY_RETRY_SECONDS if interval == DAY else 3 * DAILY_RETRY_SECONDS


def share(plan: Plan, series_count: int) -> int | None:
    """Return the calls a day that each series may have, or None where the day has no cap."""
    return None if plan.per_day is None else max(1, plan.per_day // max(1, series_count))


def spacing_seconds(plan: Plan, series_count: int) -> float:
    """Return the seconds between two calls of one series if all have as many in a minute."""
    return 0.0 if plan.per_minute is None else 60 * series_count / plan.per_minute


def poll_seconds(plan: Plan, series_count: int, floor_seconds: float, freshness: str) -> float:
    """Return the seconds between two polls of one series while its market is open."""
    floor = floor_seconds
    if freshness in ("historical", "end_of_day"):
        floor = max(floor, UNENTITLED_FLOOR_SECONDS)
    return max(floor, spacing_seconds(plan, series_count))


def freshness_lines(
    plan: Plan,
    accepted: Sequence[Series],
    floor_seconds: float,
    freshness: Callable[[Series], str],
) -> list[str]:
    """Return a line per interval and freshness: how fresh its bars will be."""
    levels: dict[tuple[str, str], list[str]] = {}
    for series in accepted:
        levels.setdefault((series.interval, freshness(series)), []).append(series.symbol)
    lines = []
    for (interval, level), symbols in levels.items():
        named = ", ".join(symbols[:8]) + (f" and {len(symbols) - 8} more" * (len(symbols) > 8))
        lines.append(
            f"{interval} bars of {named}: {_FRESHNESS_TEXT[level]}; "
            + _cadence(plan, interval, len(accepted), floor_seconds, level)
        )
    return lines


def _cadence(plan: Plan, interval: str, count: int, floor_seconds: float, level: str) -> str:
    if interval == DAY:
        calls = share(plan, count)
        tries = "every 5 minutes" if calls is None else f"{calls} a day"
        return f"each asked for after the session's close ({tries} at most until it is there)"
    seconds = poll_seconds(plan, count, floor_seconds, level)
    return f"each asked for every {seconds:g} s while its market is open"
