"""A vendor that lies now and then, over real HTTP: no series or month is lost, no gap hidden."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from services.producer.series import Series
from tests.unit.producer.harness import FIVE, LIVE, OPEN, Process, World
from tests.unit.producer.loop.served_vendor import ServedVendor, recorded
from tests.unit.producer.loop.vendor_series import Serve, every_five_minutes, run, times


def hourly(first: date, last: date) -> Iterator[str]:
    """Yield four bars of every day but weekends."""
    for back in range((last - first).days + 1):
        day = first + timedelta(days=back)
        if day.weekday() < 5:
            yield from (f"{day} {hour}:00:00" for hour in range(10, 14))


HOUR = Series("AAPL", "60min")

HOURLY = {**LIVE, "INTERVALS": "60min"}

THREE_MONTHS = [*hourly(date(2025, 11, 3), date(2026, 1, 21))]


def _after_75_days(world: World, vendor: ServedVendor) -> Process:
    """Run for a moment, be away for 75 days, and come back."""
    first = Process(world, HOURLY)
    run(first, world, 60)
    first.end()
    vendor.asked(HOUR)
    world.clock.move(days=75)
    return Process(world, HOURLY)


@pytest.mark.parametrize("lie", ["empty_object", "bad_call"])
def test_a_month_that_comes_empty_once_is_asked_for_on_another_day(
    serve: Serve, lie: str, caplog: pytest.LogCaptureFixture
) -> None:
    with serve([*recorded(HOUR, THREE_MONTHS)]) as (world, vendor):
        process = _after_75_days(world, vendor)
        vendor.faults.set(following=["none", lie])
        run(process, world, 60)
        assert vendor.asked(HOUR)[:3] == ["full", "2025-12", "2025-11"]
        missing = [time for time in THREE_MONTHS if "2025-12-01" <= time < "2025-12-15"]
        assert set(missing).isdisjoint(times(world))
        [told] = [each for each in caplog.messages if "for 2025-12" in each]
        assert told.startswith("AAPL 60min: ")
        assert ("empty_json" if lie == "empty_object" else "bad_call") in told
        process.end()
        process = Process(world, HOURLY)  # what is owed outlives a restart
        run(process, world, 86_400, every=3_600)
        process.steps(2)
        assert vendor.asked(HOUR).count("2025-12") == 1
        assert times(world) == [time for time in THREE_MONTHS if time < "2026-01-21 11:01"]
        process.end()


def test_a_month_that_is_empty_on_two_days_is_believed(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    bars = [time for time in THREE_MONTHS if time[:7] != "2025-12"]
    with serve([*recorded(HOUR, bars)]) as (world, vendor):
        process = _after_75_days(world, vendor)
        run(process, world, 60)
        run(process, world, 5 * 86_400, every=7_200)
        assert vendor.asked(HOUR).count("2025-12") == 2
        assert sum("the API said so on 2026-01-20, too" in each for each in caplog.messages) == 1
        process.end()


def test_history_before_the_first_bar_is_believed_at_once(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    bars = [*hourly(date(2025, 8, 4), date(2025, 8, 29)), *hourly(OPEN.date(), OPEN.date())]
    with serve([*recorded(HOUR, bars)]) as (world, vendor):
        vendor.faults.set(following=["none", "empty_object"])
        process = Process(world, {**HOURLY, "HISTORY_MONTHS": "5", "POLL_SECONDS": "99"})
        run(process, world, 90)
        # Empty: October, before any bar that is known by then; June and July, in truth.
        assert vendor.asked(HOUR) == [
            *("full", "2025-10", "2025-09", "2025-08", "2025-07", "2025-06")
        ]
        run(process, world, 5 * 86_400, every=7_200)
        months = [part for part in vendor.asked(HOUR) if part.startswith("20")]
        # After August was seen they are not before the first bar; October was told in two ways.
        assert sorted(months) == ["2025-09", "2025-10", "2025-10"]
        assert not [each for each in caplog.messages if "2025-07" in each and "asked again" in each]
        process.end()


@pytest.mark.parametrize(
    ("lie", "tries"), [("bad_call", 1), ("premium_param", 1), ("empty_object", 2)]
)
def test_a_whole_that_fails_steps_down_and_is_asked_for_on_another_day(
    serve: Serve, lie: str, tries: int
) -> None:
    bars = [time for day in ("04", "05", "06") for time in every_five_minutes(f"2025-11-{day}")]
    with serve([*recorded(FIVE, bars)]) as (world, vendor):
        vendor.faults.set(following=[*[lie] * tries, "none", lie])
        process = Process(world, LIVE)
        run(process, world, 200)
        assert vendor.asked(FIVE)[: tries + 3] == [*["full"] * tries, "compact", "full", "compact"]
        assert 90 < len(times(world)) < 110
        run(process, world, 15 * 3_600, every=1_800)
        assert vendor.asked(FIVE).count("full") == 1
        assert times(world) == bars
        process.end()


@pytest.mark.parametrize("lie", ["html", "500", "truncated", "reset"])
def test_a_whole_that_fails_by_chance_is_asked_for_again_at_once(serve: Serve, lie: str) -> None:
    bars = [time for day in ("04", "05", "06") for time in every_five_minutes(f"2025-11-{day}")]
    with serve([*recorded(FIVE, bars)]) as (world, vendor):
        vendor.faults.set(following=[lie, lie, "none", lie])
        process = Process(world, LIVE)
        run(process, world, 600)
        process.steps(2)
        assert vendor.asked(FIVE).count("full") == 4
        assert times(world) == [time for time in bars if time <= "2025-11-06 11:10:00"]
        process.end()


def test_a_whole_that_is_cut_short_is_not_taken_for_all(serve: Serve) -> None:
    with serve([*recorded(HOUR, THREE_MONTHS)]) as (world, vendor):
        process = _after_75_days(world, vendor)
        vendor.faults.set(following=["short"])
        run(process, world, 60)
        assert vendor.asked(HOUR)[:4] == ["full", "2026-01", "2025-12", "2025-11"]
        assert times(world) == [time for time in THREE_MONTHS if time <= "2026-01-20 11:00:00"]
        process.end()


def test_after_hours_away_a_whole_that_is_cut_short_is_followed_by_its_month(serve: Serve) -> None:
    bars = [time for day in ("06", "07") for time in every_five_minutes(f"2025-11-{day}")]
    with serve([*recorded(FIVE, bars)]) as (world, vendor):
        first = Process(world, LIVE)
        run(first, world, 60)
        first.end()
        vendor.asked(FIVE)
        world.clock.move(days=1)
        vendor.faults.set(following=["short"])
        process = Process(world, LIVE)
        run(process, world, 60)
        assert vendor.asked(FIVE)[:2] == ["full", "2025-11"]
        assert times(world) == [time for time in bars if time <= "2025-11-07 11:00:00"]
        process.end()


def test_a_gap_that_no_answer_closes_is_told(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    with serve([*recorded(HOUR, THREE_MONTHS)]) as (world, vendor):
        process = _after_75_days(world, vendor)
        vendor.faults.set(following=["short"] * 4)
        run(process, world, 60)
        [told] = [each for each in caplog.messages if "bi.data_gaps" in each]
        assert told.startswith("AAPL 60min: the bars before 2025-11-28 11:00:00 ")
        process.end()
