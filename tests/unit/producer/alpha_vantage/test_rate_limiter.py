from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.producer.alpha_vantage.quota_planner import Plan, parse_plan
from services.producer.alpha_vantage.rate_limiter import Pacer, next_utc_day

START = datetime(2026, 3, 6, 12, 0, tzinfo=UTC)

plans = st.builds(
    Plan,
    name=st.just("any"),
    per_second=st.none() | st.integers(1, 5),
    per_minute=st.none() | st.integers(1, 30),
    per_day=st.none() | st.integers(1, 40),
    premium=st.booleans(),
)
gaps = st.lists(st.floats(0, 5_000) | st.floats(0, 1.5), min_size=1, max_size=150)


def _calls(plan: Plan, waits: list[float], restart_every: int = 0) -> list[float]:
    """Return the seconds after START at which calls left, asking after each of `waits`."""
    pacer, clock = Pacer(plan), 0.0
    made: list[float] = []
    for number, wait in enumerate(waits):
        clock += wait
        now = START + timedelta(seconds=clock)
        if restart_every and number % restart_every == 0:
            pacer = Pacer(plan)
            called_at = [START + timedelta(seconds=at) for at in made]
            pacer.restore(called_at, now, clock)
        if pacer.wait_seconds(now, clock) <= 0:
            pacer.charge(now, clock)
            made.append(clock)
    return made


def _assert_within(plan: Plan, made: list[float]) -> None:
    for seconds, limit in ((1.0, plan.per_second), (60.0, plan.per_minute)):
        for index, at in enumerate(made):
            inside = [other for other in made[: index + 1] if at - other <= seconds]
            assert limit is None or len(inside) <= limit
    days = [(START + timedelta(seconds=at)).date() for at in made]
    assert plan.per_day is None or all(days.count(day) <= plan.per_day for day in days)


@given(plans, gaps)
def test_no_limit_is_exceeded_in_any_window(plan: Plan, waits: list[float]) -> None:
    _assert_within(plan, _calls(plan, waits))


@given(plans, gaps, st.integers(1, 10))
def test_nor_across_restarts(plan: Plan, waits: list[float], restart_every: int) -> None:
    _assert_within(plan, _calls(plan, waits, restart_every))


@given(plans, st.integers(1, 60))
def test_the_wait_is_just_long_enough(plan: Plan, count: int) -> None:
    pacer, clock = Pacer(plan), 0.0
    for _ in range(count):
        now = START + timedelta(seconds=clock)
        wait = pacer.wait_seconds(now, clock)
        clock += max(0.0, wait) + 0.001
        now = START + timedelta(seconds=clock)
        assert pacer.wait_seconds(now, clock) <= 0
        pacer.charge(now, clock)


def test_a_refund_gives_the_day_its_call_back() -> None:
    pacer = Pacer(Plan("one a day", None, None, 1, premium=False))
    pacer.charge(START, 0.0)
    assert pacer.stopped(START)
    pacer.refund(START)
    assert not pacer.stopped(START)


def test_a_pause_holds_every_call() -> None:
    pacer = Pacer(parse_plan("unlimited"))
    pacer.pause(60.0, monotonic=10.0)
    assert pacer.wait_seconds(START, 10.0) == 60.0
    assert pacer.wait_seconds(START, 70.0) <= 0


def test_a_stop_lasts_until_its_instant() -> None:
    pacer = Pacer(parse_plan("free"))
    pacer.stop_until(next_utc_day(START))
    assert pacer.wait_seconds(START, 0.0) == 12 * 3600
    assert pacer.stopped(START)
    assert pacer.wait_seconds(START + timedelta(hours=12), 0.0) <= 0


def test_setting_the_clock_back_over_midnight_gives_no_second_budget() -> None:
    pacer = Pacer(Plan("two a day", None, None, 2, premium=False))
    midnight = next_utc_day(START)
    pacer.charge(midnight + timedelta(minutes=5), 0.0)
    pacer.charge(midnight + timedelta(minutes=6), 60.0)
    assert pacer.wait_seconds(midnight - timedelta(minutes=5), 120.0) > 0
