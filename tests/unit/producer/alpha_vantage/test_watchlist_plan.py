"""Bars and quotes share a plan: every symbol is seen in time, and no call is one too many."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.market.bar import INTERVAL_MINUTES
from services.producer.alpha_vantage.quota_planner import Plan, parse_plan, spacing_seconds
from services.producer.alpha_vantage.quotes import groups_of
from services.producer.alpha_vantage.rate_limiter import MINUTE_WINDOW, Pacer
from services.producer.alpha_vantage.watchlist_plan import (
    AUTO,
    OFF,
    ON,
    NoQuotesError,
    WatchlistPlan,
    divide,
)
from services.producer.series import Series

NOW = datetime(2025, 11, 6, 16, tzinfo=UTC)


def listed(count: int, *intervals: str) -> list[Series]:
    return [Series(f"S{number}", interval) for number in range(count) for interval in intervals]


def test_five_thousand_symbols_at_75_calls_a_minute_are_seen_within_one() -> None:
    plan = divide(parse_plan("75"), listed(5_000, "1min"), AUTO)
    assert (len(plan.quoted), plan.quote_seconds, plan.bar_plan.per_minute) == (5_000, 58.0, 21)
    assert plan.series == listed(18, "1min")
    assert plan.refused == []
    assert divide(parse_plan("75"), listed(5_000, "5min"), ON).series == listed(92, "5min")


def test_quotes_are_planned_only_as_the_setting_says() -> None:
    few, many = listed(4, "5min"), listed(5_000, "5min")
    for setting in (OFF, AUTO):
        plan = divide(parse_plan("75"), few, setting)
        assert (plan.series, plan.quoted, plan.bar_plan) == (few, (), parse_plan("75"))
    assert divide(parse_plan("75"), few, ON).quoted == ("S0", "S1", "S2", "S3")
    assert len(divide(parse_plan("75"), many, OFF).refused) == 5_000 - 375
    for name in ("free", "3"):
        assert divide(parse_plan(name), many, AUTO).quoted == ()
        with pytest.raises(NoQuotesError, match="QUOTES is 'on'"):
            divide(parse_plan(name), few, ON)
    unlimited = divide(parse_plan("unlimited"), many, ON)
    assert (unlimited.series, len(unlimited.quoted)) == (many, 5_000)


def test_what_has_no_quotes_has_bars_or_is_refused() -> None:
    wanted = [*listed(200, "1min"), Series("TSCO.LON", "1min"), Series("FX:EUR/USD", "1min")]
    plan = divide(parse_plan("75"), wanted, ON)
    assert plan.quoted == tuple(f"S{number}" for number in range(200))
    assert plan.series[-2:] == wanted[-2:]
    assert plan.refused == []
    others = [Series(f"S{number}.LON", "1min") for number in range(200)]
    refused = divide(parse_plan("75"), [*listed(3, "1min"), *others], ON).refused
    assert {each.series for each in refused} < {*others}


def test_a_list_too_long_for_a_minute_is_seen_as_often_as_it_can() -> None:
    plan = divide(parse_plan("75"), listed(20_000, "5min"), ON)
    assert plan.quote_seconds == pytest.approx(200 * 61 / 55)
    assert plan.bar_plan.per_minute == 75 - 56


class _Day:
    """The calls of an hour, second by second, as producer and pacer make them."""

    def __init__(self, plan: Plan, divided: WatchlistPlan) -> None:
        self.pacer = Pacer(plan)
        self.divided = divided
        self.pacer.reserved_a_minute = (plan.per_minute or 0) - (divided.bar_plan.per_minute or 0)
        self.calls: list[float] = []
        self.quoted_at: dict[int, list[float]] = {}
        self.bars_at: dict[Series, list[float]] = {}

    def run(self, seconds: int) -> None:
        groups, each = len(groups_of(self.divided.quoted)), self.divided.quote_seconds
        count, number = len(self.divided.series), 0
        spacing = spacing_seconds(self.divided.bar_plan, count)
        # Bars that are owed take every call that they may have.
        due = dict.fromkeys(self.divided.series, 0.0)
        for tick in range(seconds * 4):
            now = tick / 4
            while now >= number * each / groups and self.pacer.wait_seconds(NOW, now) <= 0:
                self.pacer.charge(NOW, now, is_reserved=True)
                self.calls.append(now)
                self.quoted_at.setdefault(number % groups, []).append(now)
                number += 1
            for series in sorted(due, key=lambda one: due[one]):
                if due[series] > now or self.pacer.unreserved_wait_seconds(NOW, now) > 0:
                    break
                self.pacer.charge(NOW, now)
                self.calls.append(now)
                self.bars_at.setdefault(series, []).append(now)
                due[series] = now + spacing


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from((30, 75, 150, 300)),
    st.integers(min_value=1, max_value=6_000),
    st.sampled_from(("1min", "5min")),
)
def test_no_symbol_waits_and_no_plan_is_overspent(calls: int, count: int, interval: str) -> None:
    plan = parse_plan(str(calls))
    divided = divide(plan, listed(count, interval), ON)
    day = _Day(plan, divided)
    minutes = INTERVAL_MINUTES[interval]
    day.run(60 * minutes * 2 + 240)

    for first, later in zip(day.calls, day.calls[calls:], strict=False):
        assert later - first >= MINUTE_WINDOW - 1e-6
    # A quarter of a second is a look at the clock; the others wait for a second's calls.
    in_time = divided.quote_seconds + 2.0
    for at in day.quoted_at.values():
        assert all(later - before <= in_time for before, later in pairwise(at))
    assert len(day.quoted_at) == len(groups_of(divided.quoted))
    for at in day.bars_at.values():
        settled = [instant for instant in at if instant > 120]
        gaps = [later - before for before, later in pairwise(settled)]
        # Calls that came together wait for the pacer's window, which is longer than a minute.
        assert all(gap <= 60 * minutes + 2 for gap in gaps)
    assert {*day.bars_at} == {*divided.series}
