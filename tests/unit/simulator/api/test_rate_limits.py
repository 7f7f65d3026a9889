"""Limits of each plan, by a clock moved by hand."""

from __future__ import annotations

import pytest

from services.simulator.api.rate_limits import Limiter, Plan, Standing, parse_plan
from tests.unit.simulator.fakes import HandClock


def limiter(plan: str, clock: HandClock) -> Limiter:
    return Limiter(parse_plan(plan), clock.monotonic, clock.now)


def admitted(limits: Limiter, clock: HandClock, calls: int, pause: float) -> list[str | None]:
    answers = []
    for _ in range(calls):
        answers.append(limits.admit("key"))
        clock.move(pause)
    return answers


@pytest.mark.parametrize(
    ("text", "plan"),
    [
        pytest.param("free", Plan("free", 1, None, 25), id="free"),
        pytest.param("75", Plan("75", 5, 75), id="75"),
        pytest.param("300", Plan("300", 10, 300), id="300"),
        pytest.param("1200", Plan("1200", 30, 1200), id="1200"),
        pytest.param("50000", Plan("50000", None, 50000), id="more_than_any_plan"),
        pytest.param("unlimited", Plan("unlimited"), id="unlimited"),
    ],
)
def test_plans(text: str, plan: Plan) -> None:
    assert parse_plan(text) == plan


@pytest.mark.parametrize("text", ["", "0", "-1", "gold", "7.5"])
def test_no_plan(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        parse_plan(text)


def test_free_is_one_a_second_and_25_a_day(clock: HandClock) -> None:
    limits = limiter("free", clock)

    assert admitted(limits, clock, 26, pause=1.0) == [None] * 25 + ["daily"]


def test_a_second_call_within_a_second_is_a_burst_and_counts(clock: HandClock) -> None:
    limits = limiter("free", clock)

    found = admitted(limits, clock, 4, pause=0.6)

    # Each refused call starts the second anew.
    assert found == [None, "burst", "burst", "burst"]
    assert limits.standing("key") == Standing(limit=25, remaining=21, reset_seconds=23372)


def test_the_day_ends_at_midnight_utc(clock: HandClock) -> None:
    limits = limiter("free", clock)
    admitted(limits, clock, 25, pause=1.0)
    clock.move(23_374 - 25 - 0.5)  # 23:59:58.5
    assert limits.admit("key") == "daily"

    clock.move(2)

    assert limits.admit("key") is None


def test_a_plan_is_so_many_calls_a_minute(clock: HandClock) -> None:
    limits = limiter("75", clock)

    assert admitted(limits, clock, 76, pause=0.5) == [None] * 75 + ["minute"]
    clock.move(60)
    assert limits.admit("key") is None


def test_a_plan_has_a_limit_by_second(clock: HandClock) -> None:
    limits = limiter("300", clock)

    assert admitted(limits, clock, 11, pause=0.01) == [None] * 10 + ["burst_premium"]


def test_unlimited_is_unlimited(clock: HandClock) -> None:
    limits = limiter("unlimited", clock)

    assert admitted(limits, clock, 2000, pause=0) == [None] * 2000
    assert limits.standing("key") is None


def test_each_key_has_its_own_limit(clock: HandClock) -> None:
    limits = limiter("free", clock)

    assert [limits.admit(key) for key in ("a", "b", "a", "b")] == [None, None, "burst", "burst"]


def test_standing_of_a_minute(clock: HandClock) -> None:
    limits = limiter("75", clock)
    admitted(limits, clock, 3, pause=10)

    assert limits.standing("key") == Standing(limit=75, remaining=72, reset_seconds=30)
