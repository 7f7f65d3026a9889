"""A series that is refused: tried again, for as long as it takes."""

from __future__ import annotations

import logging

import pytest

from services.producer.runtime import ProducerStoppedError
from services.producer.series import Series
from tests.unit.producer.harness import FIVE, LIVE, Process, World
from tests.unit.producer.loop.served_vendor import KEY, recorded
from tests.unit.producer.loop.vendor_series import Serve, every_five_minutes, run, times

MSFT = Series("MSFT", "5min")

REFUSALS = ["premium_endpoint", "not_entitled", "demo_key", "bad_call", "bad_function"]


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
