"""A vendor that lies now and then, over real HTTP: no series or month is lost, no gap hidden."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from services.producer.runtime import ProducerStoppedError
from services.producer.series import Series
from services.simulator.market.recorded_bars import Recording
from services.simulator.market.trading_sessions import Sessions, load_sessions
from tests.unit.producer.harness import FIVE, LIVE, OPEN, Process, World, stored
from tests.unit.producer.served_vendor import KEY, ServedVendor, recorded, served_world

MSFT = Series("MSFT", "5min")
REFUSALS = ["premium_endpoint", "not_entitled", "demo_key", "bad_call", "bad_function"]
Serve = Callable[[list[Recording]], AbstractContextManager[tuple[World, ServedVendor]]]


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    """Return the exchange's sessions, once: to read them takes a moment."""
    return load_sessions(OPEN)


@pytest.fixture
def serve(tmp_path: Path, sessions: Sessions) -> Serve:
    """Return a way to serve bars at 11:00 in New York on 2025-11-06."""
    return partial(served_world, tmp_path, OPEN, sessions, plan="unlimited")


def every_five_minutes(day: str, first: str = "09:30", count: int = 78) -> list[str]:
    start = datetime.fromisoformat(f"{day} {first}:00")
    return [str(start + timedelta(minutes=5 * number)) for number in range(count)]


def hourly(first: date, last: date) -> Iterator[str]:
    """Yield four bars of every day but weekends."""
    for back in range((last - first).days + 1):
        day = first + timedelta(days=back)
        if day.weekday() < 5:
            yield from (f"{day} {hour}:00:00" for hour in range(10, 14))


def run(process: Process, world: World, seconds: int, every: int = 10) -> None:
    for _ in range(0, seconds, every):
        process.steps(2)
        world.clock.move(seconds=every)


def times(world: World) -> list[str]:
    return sorted(stored(world.broker))


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_series_that_worked_outlives_a_refusal(serve: Serve, refusal: str) -> None:
    bars = every_five_minutes("2025-11-06")
    with serve([*recorded(FIVE, bars)]) as (world, vendor):
        process = Process(world, LIVE)
        run(process, world, 60)
        vendor.faults.set(following=[refusal] * 3)
        run(process, world, 60)
        assert process.metrics.value("series_given_up") == 1
        run(process, world, 3_480, every=60)
        process.steps(2)
        assert process.metrics.value("series_given_up") == 0
        assert times(world) == [time for time in bars if time <= "2025-11-06 12:00:00"]
        process.end()


def test_it_is_tried_again_for_as_long_as_it_takes_and_across_restarts(serve: Serve) -> None:
    days = ["2025-11-06", "2025-11-07", "2025-11-10", "2025-11-11"]
    bars = [time for day in days for time in every_five_minutes(day)]
    with serve([*recorded(FIVE, bars)]) as (world, vendor):
        process = Process(world, LIVE)
        run(process, world, 60)
        vendor.faults.set(symbols={"AAPL": "bad_call"})
        for _ in range(4):
            run(process, world, 86_400, every=900)
            process.end()
            assert 15 < len(vendor.asked(FIVE)) < 99
            process = Process(world, LIVE)
        vendor.faults.set(symbols={})
        run(process, world, 4_000)
        assert times(world) == [time for time in bars if time <= "2025-11-10 12:05:00"]
        process.end()


def test_a_series_that_never_worked_is_tried_daily_and_anew_when_it_comes_back(
    serve: Serve, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path_factory.mktemp("symbols") / "symbols.txt"
    file.write_text("AAPL\nMSFT\n")
    bars = every_five_minutes("2025-11-06")
    with serve([*recorded(FIVE, bars), *recorded(MSFT, bars)]) as (world, vendor):
        vendor.faults.set(symbols={"MSFT": "bad_call"})
        process = Process(world, {**LIVE, "SYMBOLS_FILE": str(file)})
        run(process, world, 300, every=30)
        run(process, world, 86_000, every=1_000)
        assert vendor.asked(MSFT) == ["full", "compact"] * 2
        run(process, world, 3 * 86_400, every=3_600)
        assert vendor.asked(MSFT) == ["full", "compact"] * 3
        assert process.metrics.value("series_given_up") == 1
        vendor.faults.set(symbols={})
        file.write_text("AAPL\n")
        run(process, world, 60)
        file.write_text("AAPL\nMSFT\n")
        run(process, world, 60)
        assert process.metrics.value("series_given_up") == 0
        assert {bar["symbol"] for bar in _published(world)} == {"AAPL", "MSFT"}
        assert any("MSFT 5min is given up for now (bad_call)" in each for each in caplog.messages)
        process.end()


def _published(world: World) -> list[dict[str, str]]:
    return [{"symbol": key.decode()} for key, _ in world.broker.log]


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
        assert [each for each in caplog.messages if "for 2025-12" in each] == [
            f"AAPL 60min: the API answered {'empty_json' if lie == 'empty_object' else 'bad_call'} "
            "for 2025-12, although there are older bars; it is asked again on another day"
        ]
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
        told = [each for each in caplog.messages if "bi.data_gaps" in each]
        assert told == [
            "AAPL 60min: the bars before 2025-11-28 11:00:00 that were missed were in no answer of "
            "the API; bi.data_gaps shows them"
        ]
        process.end()


def test_a_429_holds_up_all_series_for_as_long_as_it_asks(serve: Serve) -> None:
    bars = every_five_minutes("2025-11-06")
    with serve([*recorded(FIVE, bars), *recorded(MSFT, bars)]) as (world, vendor):
        vendor.faults.set(following=["429_until"])
        process = Process(world, {**LIVE, "SYMBOLS": "AAPL,MSFT", "FETCH_PARALLEL": "1"})
        process.steps(2)
        world.clock.move(seconds=0.9)
        process.steps(2)
        assert len(vendor.calls) == 1
        world.clock.move(seconds=3)
        process.steps(3)
        assert {series for series, _ in vendor.calls[1:]} == {FIVE, MSFT}
        process.end()


def test_a_moved_address_is_named_without_the_key(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    with serve([*recorded(FIVE, every_five_minutes("2025-11-06"))]) as (world, vendor):
        vendor.faults.set(following=["redirect"])
        process = Process(world, LIVE)
        with caplog.at_level(logging.INFO):
            run(process, world, 120)
        [told] = [each for each in caplog.messages if "moved" in each]
        assert "HTTP 301 to https://moved.example/query, which is not followed" in told
        assert KEY not in caplog.text
        assert times(world)
        process.end()


def test_a_bad_key_under_another_name_ends_the_producer(serve: Serve) -> None:
    with serve([*recorded(FIVE, every_five_minutes("2025-11-06"))]) as (world, vendor):
        vendor.faults.set(following=["bad_key_information"])
        process = Process(world, LIVE)
        with pytest.raises(ProducerStoppedError, match="The API key is invalid") as caught:
            process.steps(3)
        assert caught.value.exit_code == 2
        process.end()


def test_the_log_of_a_restart_tells_what_is_given_up(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    bars = every_five_minutes("2025-11-06")
    with serve([*recorded(FIVE, bars)]) as (world, vendor):
        vendor.faults.set(symbols={"MSFT": "bad_call"})
        variables = {**LIVE, "SYMBOLS": "AAPL,MSFT"}
        process = Process(world, variables)
        run(process, world, 200)
        process.end()
        again = Process(world, variables)
        assert again.metrics.value("series_given_up") == 1
        assert any(
            each.startswith("MSFT 5min is given up since 2025-11-06 16:00 UTC (bad_call)")
            for each in caplog.messages
        )
        again.end()
