"""What the loop does about limits, refusals and bars that are none."""

from __future__ import annotations

import pytest

from services.producer.runtime import ProducerStoppedError
from services.producer.series import HighWaterMark, Series
from tests.unit.producer.alpha_vantage.test_classify import OLD_MINUTE_NOTE
from tests.unit.producer.alpha_vantage.wordings import ERROR_MESSAGE, INFORMATION
from tests.unit.producer.harness import (
    FIVE,
    FREE,
    LIVE,
    OPEN,
    Process,
    World,
    daily,
    held,
    intraday,
    published,
    stored,
)


def test_the_days_budget_survives_restarts(world: World) -> None:
    symbols = [f"S{number}" for number in range(25)]
    for symbol in symbols:
        world.vendor.bars[Series(symbol, "1d")] = daily(["2025-11-05"])
    world.vendor.envelopes = [{}] * 200  # nothing but empty answers, which are tried again
    for _ in range(6):
        process = Process(world, {**FREE, "SYMBOLS": ",".join(symbols)})
        for _ in range(40):
            process.steps(1)
            world.clock.move(seconds=15)
        process.end()
    assert len(world.vendor.calls) == 25
    assert process.metrics.value("calls_today") == 0  # none in its last life
    world.clock.move(hours=8)
    process = Process(world, {**FREE, "SYMBOLS": ",".join(symbols)})
    process.steps(1)
    assert len(world.vendor.calls) > 25
    process.end()


def test_the_daily_envelope_stops_all_calls_until_the_next_utc_day(world: World) -> None:
    for symbol in ("AAPL", "MSFT"):
        world.vendor.bars[Series(symbol, "1d")] = daily(["2025-11-05"])
    world.vendor.envelopes = [{"Information": INFORMATION["daily-echoes-key"][1]}]
    process = Process(world, {**FREE, "SYMBOLS": "AAPL,MSFT"})
    for _ in range(47):
        process.steps(1)
        world.clock.move(minutes=10)
    assert len(world.vendor.calls) == 1
    assert process.metrics.value("answers_total", kind="daily_limit") == 1
    assert process.memory.stopped_until() is not None
    for _ in range(10):
        process.steps(1)
        world.clock.move(minutes=5)
    assert len(world.vendor.calls) >= 3
    assert len(published(world.broker)) == 2
    process.end()


@pytest.mark.parametrize(
    ("envelope", "seconds"),
    [
        pytest.param({"Information": INFORMATION["burst"][1]}, (1, 2), id="burst"),
        pytest.param({"Information": INFORMATION["minute-premium"][1]}, (60, 61), id="minute"),
        pytest.param({"Note": OLD_MINUTE_NOTE}, (60, 61), id="old-minute"),
    ],
)
def test_a_short_limit_is_waited_out(
    world: World, envelope: dict[str, str], seconds: tuple[float, float]
) -> None:
    world.vendor.bars[FIVE] = intraday(10)
    world.vendor.envelopes = [envelope]
    process = Process(world, LIVE)
    process.steps(2)
    world.clock.move(seconds=seconds[0] - 0.1)
    process.steps(2)
    assert len(world.vendor.calls) == 1
    world.clock.move(seconds=seconds[1] - seconds[0] + 0.2)
    process.steps(2)
    assert len(world.vendor.calls) == 2
    assert stored(world.broker) == held(world.vendor)
    process.end()


def test_a_bad_key_stops_the_producer(world: World) -> None:
    world.vendor.envelopes = [{"Error Message": ERROR_MESSAGE["bad-key"][1]}]
    process = Process(world, LIVE)
    with pytest.raises(ProducerStoppedError, match="the API refuses the key") as caught:
        process.steps(3)
    assert caught.value.exit_code == 2
    process.end()


def test_where_nothing_ever_worked_and_all_is_refused_the_producer_stops(world: World) -> None:
    process = Process(world, LIVE)
    process.steps(2)
    world.clock.move(seconds=3)
    with pytest.raises(ProducerStoppedError, match="the API refuses every series") as caught:
        process.steps(1)
    assert caught.value.exit_code == 2
    process.end()


def test_an_unknown_envelope_is_told_once_and_tried_again_later(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.vendor.bars[FIVE] = intraday(10)
    world.vendor.envelopes = [{"Notice": "We moved"}, {"Notice": "We moved"}]
    process = Process(world, LIVE)
    for _ in range(15):
        process.steps(1)
        world.clock.move(seconds=15)
    assert len([text for text in caplog.messages if "unknown_envelope" in text]) == 1
    assert process.metrics.value("answers_total", kind="unknown_envelope") == 2
    assert stored(world.broker) == held(world.vendor)
    process.end()


def test_a_bar_that_no_broker_takes_is_refused_once(world: World) -> None:
    world.vendor.bars[FIVE] = {**intraday(2), "2025-11-06 10:00:00": ("9" * 1_000_001, *"1234")}
    process = Process(world, LIVE)
    process.steps(2)
    world.clock.move(seconds=5)
    process.steps(2)
    assert len(world.broker.log) == 2
    assert process.metrics.value("bars_refused_total") == 1
    process.end()


def test_absurd_bars_in_a_good_answer_are_published(world: World) -> None:
    world.vendor.bars[FIVE] = {
        **intraday(3),
        "2099-01-01 00:00:00": ("NaN", "-1", "", "1e400", "1.5"),
        "no time at all": ("1", "1", "1", "1", "1"),
    }
    process = Process(world, LIVE)
    process.steps(2)
    assert stored(world.broker) == held(world.vendor)
    high_water_mark = process.memory.high_water_mark(FIVE)
    assert high_water_mark == HighWaterMark(OPEN, "2025-11-06 11:00:00", OPEN)
    process.end()


def test_once_says_what_stayed_without_an_answer(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.vendor.bars[FIVE] = intraday(3)
    assert world.once({**LIVE, "SYMBOLS": "AAPL,NONE"}) == 1
    assert "without an answer: NONE 5min" in caplog.messages
    assert stored(world.broker) == held(world.vendor)


def test_months_before_the_symbol_was_listed_are_skipped(world: World) -> None:
    world.vendor.bars[FIVE] = intraday(20)
    variables = {**LIVE, "HISTORY_MONTHS": "2"}
    assert world.once(variables) == 0
    process = Process(world, variables)
    assert [str(month) for month in process.memory.no_bars(FIVE)] == ["2025-10", "2025-09"]
    world.vendor.calls.clear()
    world.clock.move(days=1)
    process.steps(3)
    assert [part for _, part in world.vendor.calls if part.month] == []
    assert process.metrics.value("series_given_up") == 0
    process.end()
