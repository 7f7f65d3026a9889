"""Divides the calls of a plan between bars and bulk quotes, and a watch list among them. Pure.

In: the plan, the series that are wanted, and whether quotes are. Out: which series get bars, which
symbols get quotes and how often, and how many calls a minute are left to the bars. The first
symbols of the list get bars, as many as can be asked for once a bar; quotes are for all that have
them, so that each is seen once a minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil, floor
from typing import Final

from services.common.market.bar import INTERVAL_MINUTES
from services.common.market.exchanges import NEW_YORK, exchange_of
from services.producer.alpha_vantage.quota_planner import Plan, Refusal, fit
from services.producer.alpha_vantage.quotes import BULK_SYMBOLS
from services.producer.series import Series

OFF: Final = "off"
AUTO: Final = "auto"
ON: Final = "on"
QUOTE_SECONDS: Final = 58.0
"""How often each symbol's quote is asked for: a call that waits for its turn is still in time."""
_WINDOW_SECONDS: Final = 61
"""In so long a window the pacer counts a minute's calls."""
_MOST_OF_CALLS: Final = Fraction(3, 4)
"""Quotes leave the rest of the calls to bars."""
_LEAST_CALLS: Final = 5
"""Of fewer calls a minute nothing is left to divide."""
_OF_BARS: Final = Fraction(9, 10)
"""Lists of corporate actions may take a tenth of the calls."""


class NoQuotesError(ValueError):
    """The plan has no bulk quotes; the message is one line that says what to do."""


@dataclass(frozen=True)
class WatchlistPlan:
    """What is asked for. `bar_plan` is what of the plan bars and lists may use; `quote_seconds`
    lie between two quotes of one symbol of `quoted`."""

    series: list[Series]
    refused: list[Refusal]
    quoted: tuple[str, ...]
    bar_plan: Plan
    quote_seconds: float = QUOTE_SECONDS


def has_quotes(symbol: str) -> bool:
    """Return whether the vendor has bulk quotes of a symbol: those of the United States alone."""
    return exchange_of(symbol) is NEW_YORK


def divide(plan: Plan, wanted: Sequence[Series], quotes: str) -> WatchlistPlan:
    """Return who gets bars and who gets quotes. Raises NoQuotesError."""
    series, refused = fit(plan, wanted)
    without = WatchlistPlan(series, refused, (), plan)
    if quotes == OFF or (quotes == AUTO and not refused):
        return without
    few = plan.per_minute is not None and plan.per_minute < _LEAST_CALLS
    if not plan.premium or few:
        if quotes == AUTO:
            return without
        raise NoQuotesError(
            f"QUOTES is {ON!r}, but bulk quotes are a premium feature of Alpha Vantage and need a "
            f"plan of at least {_LEAST_CALLS} calls a minute: set ALPHA_VANTAGE_PLAN to a premium "
            "key's calls a minute, or QUOTES to auto or off"
        )
    symbols = dict.fromkeys(each.symbol for each in wanted)
    quoted = tuple(symbol for symbol in symbols if has_quotes(symbol))
    calls, seconds = _calls_of_quotes(plan, len(quoted))
    left = None if plan.per_minute is None else plan.per_minute - calls
    bar_plan = replace(plan, per_minute=left)
    series, refused = _with_bars(bar_plan, wanted)
    return WatchlistPlan(series, refused, quoted, bar_plan, seconds)


def _calls_of_quotes(plan: Plan, symbols: int) -> tuple[int, float]:
    """Return the most calls that quotes take in a window of the pacer, and the seconds from one
    round to the next."""
    groups = ceil(symbols / BULK_SYMBOLS)
    if plan.per_minute is None or groups == 0:
        return 0, QUOTE_SECONDS
    most = floor(plan.per_minute * _MOST_OF_CALLS)
    # One more may fall into a window than the window is long.
    seconds = max(QUOTE_SECONDS, groups * _WINDOW_SECONDS / (most - 1))
    return min(most, ceil(groups * _WINDOW_SECONDS / seconds) + 1), seconds


def _with_bars(plan: Plan, wanted: Sequence[Series]) -> tuple[list[Series], list[Refusal]]:
    """Return the series of the first symbols, and refusals of others that have no quotes."""
    room = _room(plan, wanted)
    by_symbol: dict[str, list[Series]] = {}
    for each in wanted:
        by_symbol.setdefault(each.symbol, []).append(each)
    if room is not None:
        # What has no quotes has bars or nothing.
        room -= sum(1 for each in wanted if not has_quotes(each.symbol))
    first: list[Series] = []
    with_quotes = 0
    for symbol, own in by_symbol.items():
        # The first that does not fit ends the bars of those that have quotes instead.
        if room is not None and has_quotes(symbol):
            with_quotes += len(own)
            if with_quotes > room:
                continue
        first += own
    series, refused = fit(plan, first)
    return series, [each for each in refused if not has_quotes(each.series.symbol)]


def _room(plan: Plan, wanted: Sequence[Series]) -> int | None:
    """Return how many series can be asked for once a bar of the shortest interval."""
    minutes = [
        INTERVAL_MINUTES[each.interval] for each in wanted if each.interval in INTERVAL_MINUTES
    ]
    if plan.per_minute is None or not minutes:
        return None
    return floor(plan.per_minute * min(minutes) * Fraction(60, _WINDOW_SECONDS) * _OF_BARS)
