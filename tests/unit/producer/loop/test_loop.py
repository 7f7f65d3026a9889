"""The loop from the first start on: history, market hours, outages, symbols that come and go."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.producer.series import COMPACT, FULL, Series, Slice
from tests.unit.producer.harness import (
    DAILY,
    FIVE,
    FREE,
    LIVE,
    Process,
    World,
    daily,
    held,
    intraday,
    published,
    stored,
)


def test_the_first_start_takes_the_history_and_then_only_what_is_new(world: World) -> None:
    world.vendor.bars[FIVE] = intraday(300)
    process = Process(world, LIVE)
    process.steps(3)
    assert world.vendor.calls == [(FIVE, FULL)]
    assert stored(world.broker) == held(world.vendor)
    bars = published(world.broker)
    assert [bar["exchange_time"] for bar in bars] == sorted(world.vendor.bars[FIVE])
    assert [bar["is_final"] for bar in bars[-3:]] == [True, False, False]
    assert {(bar["freshness"], bar["source"]) for bar in bars} == {("realtime", "alphavantage")}
    world.broker.log.clear()
    world.clock.move(seconds=2)
    world.vendor.bars[FIVE]["2025-11-06 11:00:00"] = ("10.0", "13.0", "9.0", "12.5", "7")
    process.steps(3)
    assert world.vendor.calls[1:] == [(FIVE, COMPACT)]
    assert [(bar["exchange_time"], bar["is_final"]) for bar in published(world.broker)] == [
        ("2025-11-06 11:00:00", False)
    ]
    world.broker.log.clear()
    world.clock.move(minutes=5, seconds=30)
    process.steps(3)
    assert [(bar["exchange_time"], bar["is_final"]) for bar in published(world.broker)] == [
        ("2025-11-06 10:55:00", True),
        ("2025-11-06 11:00:00", True),
    ]
    process.end()


def test_unchanged_bars_are_not_published_again(world: World) -> None:
    world.vendor.bars[FIVE] = intraday(50, "2025-11-06 10:00:00")
    assert world.once(LIVE) == 0
    world.clock.move(seconds=5)
    assert world.once(LIVE) == 0
    assert len(world.broker.log) == 50


def test_a_closed_market_is_not_polled_once_its_session_is_complete(tmp_path: Path) -> None:
    world = World.at(tmp_path, datetime(2025, 11, 8, 12, 0, tzinfo=UTC))  # Saturday
    world.vendor.bars[FIVE] = intraday(200, "2025-11-07 19:55:00")
    process = Process(world, LIVE)
    process.steps(5)
    assert world.vendor.calls == [(FIVE, FULL)]
    for _ in range(20):
        world.clock.move(hours=2)
        process.steps(1)
    assert world.vendor.calls == [(FIVE, FULL)]
    world.clock.move(hours=6)  # Monday, 10:00 UTC: the pre-market is open
    process.steps(1)
    assert len(world.vendor.calls) == 2
    process.end()


def test_an_outage_is_filled_and_month_by_month_where_it_is_long(world: World) -> None:
    world.vendor.bars[FIVE] = intraday(20)
    world.once(LIVE)
    world.clock.move(days=75)
    newest = world.clock.now() - timedelta(hours=5)
    world.vendor.bars[FIVE] |= intraday(75 * 24, newest.strftime("%Y-%m-%d %H:00:00"), every=60)
    world.vendor.calls.clear()
    assert world.once(LIVE) == 0
    months = [Slice("month", month) for month in ("2025-12", "2025-11")]
    assert world.vendor.calls == [(FIVE, FULL), *((FIVE, month) for month in months)]
    assert stored(world.broker) == held(world.vendor)


def test_an_outage_of_hours_is_filled_by_one_full_answer(world: World) -> None:
    world.vendor.bars[FIVE] = intraday(20)
    world.once(LIVE)
    world.clock.move(hours=28)
    world.vendor.bars[FIVE] |= intraday(336, "2025-11-07 14:55:00")
    world.vendor.calls.clear()
    assert world.once(LIVE) == 0
    assert world.vendor.calls == [(FIVE, FULL)]
    assert stored(world.broker) == held(world.vendor)


def test_an_answer_that_does_not_reach_back_is_followed_by_a_longer_one(world: World) -> None:
    world.vendor.bars[FIVE] = intraday(20)
    process = Process(world, LIVE)
    process.steps(3)
    world.clock.move(minutes=30)
    world.vendor.bars[FIVE] |= intraday(149, "2025-11-06 23:25:00")
    process.steps(5)
    assert world.vendor.calls == [(FIVE, FULL), (FIVE, COMPACT), (FIVE, FULL)]
    assert stored(world.broker) == held(world.vendor)
    process.end()


def test_further_history_is_taken_once(world: World) -> None:
    world.vendor.bars[FIVE] = intraday(20) | intraday(20, "2025-09-15 12:00:00")
    variables = {**LIVE, "HISTORY_MONTHS": "2"}
    assert world.once(variables) == 0
    assert world.vendor.calls == [
        (FIVE, FULL),
        (FIVE, Slice("month", "2025-10")),
        (FIVE, Slice("month", "2025-09")),
    ]
    assert stored(world.broker) == held(world.vendor)
    world.vendor.calls.clear()
    world.clock.move(seconds=5)
    assert world.once(variables) == 0
    assert world.vendor.calls == [(FIVE, COMPACT)]


def test_a_free_key_takes_daily_history_and_then_waits_for_the_close(world: World) -> None:
    world.vendor.bars[DAILY] = daily(["2025-11-04", "2025-11-05"])
    process = Process(world, FREE)
    for _ in range(60):
        process.steps(1)
        world.clock.move(minutes=5)
    assert world.vendor.calls == [(DAILY, COMPACT)]
    assert {bar["freshness"] for bar in published(world.broker)} == {"end_of_day"}
    assert {bar["adjusted"] for bar in published(world.broker)} == {False}
    world.vendor.bars[DAILY] |= daily(["2025-11-06"])
    for _ in range(60):
        process.steps(1)
        world.clock.move(minutes=5)
    assert world.vendor.calls == [(DAILY, COMPACT)] * 2
    newest = published(world.broker)[-1]
    assert (newest["exchange_time"], newest["is_final"]) == ("2025-11-06", True)
    process.end()


@pytest.mark.parametrize(("interval", "calls"), [("1min", 2), ("60min", 8)])
def test_what_is_on_its_way_is_bounded_by_bars_and_by_calls(
    interval: str, calls: int, world: World
) -> None:
    symbols = [f"S{number}" for number in range(12)]
    for symbol in symbols:
        world.vendor.bars[Series(symbol, interval)] = intraday(10)
    settings = {
        "ALPHA_VANTAGE_PLAN": "unlimited", "INTERVALS": interval, "SYMBOLS": ",".join(symbols),
        "FETCH_PARALLEL": "8", "HISTORY_MONTHS": "0",
    }  # fmt: skip
    process = Process(world, {**LIVE, **settings})
    process.steps(1)
    assert len(world.vendor.calls) == calls
    process.steps(12)
    assert {*world.vendor.calls} == {(Series(symbol, interval), FULL) for symbol in symbols}
    process.end()


def test_symbols_come_and_go_while_it_runs(
    world: World, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path_factory.mktemp("symbols") / "symbols.txt"
    file.write_text("AAPL\n")
    for symbol in ("AAPL", "MSFT", "TSLA"):
        world.vendor.bars[Series(symbol, "5min")] = intraday(10)
    variables = {**LIVE, "ALPHA_VANTAGE_PLAN": "150", "SYMBOLS_FILE": str(file)}
    process = Process(world, variables)

    def asked_after(seconds: int) -> list[str]:
        world.vendor.calls.clear()
        for _ in range(seconds):
            world.clock.move(seconds=1)
            process.steps(2)
        return sorted({series.symbol for series, _ in world.vendor.calls})

    assert asked_after(3) == ["AAPL"]
    file.write_text("AAPL\nMSFT # new\nnot a symbol\n")
    assert asked_after(3) == ["AAPL", "MSFT"]
    assert any(
        each.startswith("SYMBOLS_FILE: line 3: 'not a symbol' is no symbol")
        for each in caplog.messages
    )
    file.write_text("TSLA\n")
    assert asked_after(3) == ["TSLA"]
    file.unlink()
    assert asked_after(3) == ["TSLA"]
    assert sum("cannot be read" in text for text in caplog.messages) == 1
    process.end()


def test_a_symbol_that_cannot_fit_is_refused_and_the_rest_goes_on(
    world: World, tmp_path_factory: pytest.TempPathFactory, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path_factory.mktemp("symbols") / "symbols.txt"
    file.write_text("AAPL\n")
    world.vendor.bars[DAILY] = daily(["2025-11-05"])
    process = Process(world, {**FREE, "SYMBOLS_FILE": str(file)})
    file.write_text("\n".join(["AAPL", *(f"S{number}" for number in range(25))]))
    world.clock.move(seconds=2)
    process.steps(1)
    assert process.metrics.value("series") == 25
    [told] = [text for text in caplog.messages if text.startswith("refused")]
    assert re.findall(r"S24 1d|\b\d+ (?:series|calls)", told) == [
        "S24 1d", "26 series", "26 calls", "25 series"
    ]  # fmt: skip
    process.end()


def test_the_heart_beats_while_it_works(world: World) -> None:
    world.vendor.bars[FIVE] = intraday(3)
    process = Process(world, LIVE)
    for _ in range(5):
        process.steps(1)
        world.clock.move(seconds=3)
    assert process.beats == 5
    process.end()


def test_the_heart_stops_when_kafka_takes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.vendor.bars[FIVE] = intraday(3)
    process = Process(world, LIVE)
    monkeypatch.setattr(process.delivery_thread, "stuck_seconds", lambda: 61.0)
    for _ in range(3):
        process.steps(1)
        world.clock.move(seconds=3)
    assert process.beats == 0
    process.end()
