"""Quotes in bulk: when they are asked for, what is published, what is told once."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from services.common.settings import SettingError
from services.producer.series import QUOTES, Series
from tests.unit.producer.alpha_vantage.test_quotes import MSFT
from tests.unit.producer.harness import DAILY, FREE, LIVE, Process, World, daily, intraday

ON = {"QUOTES": "on", "INTERVALS": "5min"}


def quoted(world: World, *symbols: str, close: str = "432.53") -> None:
    for symbol in symbols:
        world.vendor.quotes[symbol] = {**MSFT, "symbol": symbol, "close": close}


def events(world: World) -> list[Any]:
    """Return the quotes that were published since the last look."""
    sent = zip(world.broker.topics, world.broker.log, strict=True)
    found = [json.loads(value) for topic, (_, value) in sent if topic == "market.quotes"]
    world.broker.topics.clear()
    world.broker.log.clear()
    return [(each["symbol"], each["close"]) for each in found]


def asked(world: World) -> list[Series]:
    calls = [series for series, _ in world.vendor.calls if series.interval == QUOTES]
    world.vendor.calls.clear()
    return calls


def run(process: Process, world: World, minutes: float) -> None:
    for _ in range(round(minutes * 30)):
        process.steps(1)
        world.clock.move(seconds=2)


def start(world: World, *symbols: str, **variables: str) -> Process:
    for symbol in symbols:
        world.vendor.bars[Series(symbol, "5min")] = intraday(120)
    return Process(world, {**LIVE, **ON, "SYMBOLS": ",".join(symbols), **variables})


def test_only_what_is_new_is_published_also_after_a_restart(world: World) -> None:
    quoted(world, "AAPL", "MSFT")
    process = start(world, "AAPL", "MSFT")
    run(process, world, 3)
    assert asked(world) == [Series("AAPL,MSFT", QUOTES)] * 4
    assert events(world) == [("AAPL", "432.53"), ("MSFT", "432.53")]
    quoted(world, "MSFT", close="433.0")
    run(process, world, 1)
    assert events(world) == [("MSFT", "433.0")]
    process.end()
    again = start(world, "AAPL", "MSFT")
    run(again, world, 1)
    assert events(world) == []
    again.end()


@pytest.mark.parametrize(
    ("variables", "freshness"),
    [
        ({"ALPHA_VANTAGE_ENTITLEMENT": "realtime"}, "realtime"),
        ({"ALPHA_VANTAGE_ENTITLEMENT": "delayed"}, "delayed_15min"),
        ({"ALPHA_VANTAGE_ENTITLEMENT": "none"}, "historical"),
        ({"ALPHA_VANTAGE_SIMULATED": "true"}, "simulated"),
    ],
)
def test_quotes_are_as_fresh_as_the_bars_beside_them(
    world: World, variables: dict[str, str], freshness: str
) -> None:
    quoted(world, "AAPL")
    process = start(world, "AAPL", **variables)
    run(process, world, 1)
    process.end()
    sent = zip(world.broker.topics, world.broker.log, strict=True)
    found = {topic: json.loads(value)["freshness"] for topic, (_, value) in sent}
    assert {"market.quotes", "market.bars"} <= found.keys()
    assert found["market.quotes"] == found["market.bars"] == freshness


def test_an_unknown_symbol_is_told_of_once_and_asked_for_again_the_next_day(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    quoted(world, "AAPL")
    process = start(world, "AAPL", "NONE")
    run(process, world, 3)
    assert asked(world) == [Series("AAPL,NONE", QUOTES), *[Series("AAPL", QUOTES)] * 3]
    assert [text for text in caplog.messages if "no quote of" in text] == [
        "the vendor has no quote of NONE; asked for again on another day"
    ]
    assert process.metrics.value("quoted_symbols") == 2
    assert process.metrics.value("unquoted_symbols") == 1
    world.clock.move(days=1)
    run(process, world, 1)
    assert asked(world)[0] == Series("AAPL,NONE", QUOTES)
    process.end()


def test_a_closed_market_is_asked_once_more(world: World) -> None:
    quoted(world, "AAPL")
    world.clock.move(hours=8, minutes=59)  # 19:59 in New York
    process = start(world, "AAPL")
    run(process, world, 30)
    assert 2 <= len(asked(world)) <= 4
    run(process, world, 30)
    assert asked(world) == []
    process.end()


def test_a_key_without_them_is_told_once_for_all_groups(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    symbols = [f"S{number}" for number in range(300)]
    process = start(world, *symbols, ALPHA_VANTAGE_PLAN="300")
    refusal = {"Information": "Thank you! This is a premium endpoint."}
    calls = 0
    answer = world.vendor._answer

    def refuse(series: Series, part: Any) -> Any:
        nonlocal calls
        calls += series.interval == QUOTES
        return refusal if series.interval == QUOTES else answer(series, part)

    world.vendor._answer = refuse  # type: ignore[method-assign]
    run(process, world, 3)
    assert 1 <= calls <= 3
    assert len([text for text in caplog.messages if "quotes is given up" in text]) == calls
    process.end()


def test_an_answer_without_a_quote_is_no_word_on_the_symbols(world: World) -> None:
    process = start(world, "AAPL", "MSFT")
    run(process, world, 1)
    assert len(asked(world)) >= 1
    assert process.metrics.value("unquoted_symbols") == 0
    quoted(world, "AAPL", "MSFT")
    run(process, world, 4)
    assert [symbol for symbol, _ in events(world)] == ["AAPL", "MSFT"]
    process.end()


def test_five_thousand_symbols_are_each_seen_within_a_minute_beside_bars(world: World) -> None:
    symbols = [f"S{number}" for number in range(5_000)]
    for symbol in symbols[:100]:
        world.vendor.bars[Series(symbol, "5min")] = intraday(120)
    quoted(world, *symbols)
    plan = {"ALPHA_VANTAGE_PLAN": "75", "ALPHA_VANTAGE_ENTITLEMENT": "delayed"}
    process = Process(world, {**plan, **ON, "QUOTES": "auto", "SYMBOLS": ",".join(symbols)})
    seen: defaultdict[Series, list[float]] = defaultdict(list)
    called: list[float] = []
    begun = world.clock.now()
    for _ in range(400):
        process.steps(1)
        now = (world.clock.now() - begun) / timedelta(seconds=1)
        for series, _ in world.vendor.calls:
            called.append(now)
            seen[series].append(now)
        world.vendor.calls.clear()
        world.clock.move(seconds=1)
    groups = {series: at for series, at in seen.items() if series.interval == QUOTES}
    assert {symbol for series in groups for symbol in series.symbols} == {*symbols}
    for at in groups.values():
        assert at[0] <= 60
        assert all(later - before <= 60 for before, later in pairwise(at))
    assert all(later - first > 60 for first, later in zip(called, called[75:], strict=False))
    # While the past of each takes a call of its own, too.
    bars = {series: at for series, at in seen.items() if series.interval == "5min"}
    assert [*bars] == [Series(symbol, "5min") for symbol in symbols[:92]]
    assert all(at[0] <= 300 for at in bars.values())
    process.end()


def test_a_free_key_refuses_or_goes_without(world: World) -> None:
    with pytest.raises(SettingError, match="QUOTES is 'on'"):
        Process(world, {**FREE, **ON, "INTERVALS": "1d"})
    world.vendor.bars[DAILY] = daily(["2025-11-04", "2025-11-05"])
    process = Process(world, {**FREE, "INTERVALS": "1d", "QUOTES": "auto"})
    run(process, world, 1)
    assert asked(world) == []
    process.end()


def test_how_long_quotes_are_waited_for_is_told_while_new_york_is_open(world: World) -> None:
    quoted(world, "AAPL")
    process = start(world, "AAPL")
    assert process.metrics.value("quotes_round_seconds") == 0
    run(process, world, 3)
    pace = process.metrics.value("quotes_round_seconds")
    assert pace > 0
    assert process.metrics.value("quotes_waiting_seconds") <= pace
    world.vendor.quotes.clear()
    run(process, world, 10)
    assert 540 <= process.metrics.value("quotes_waiting_seconds") <= 600 + pace
    world.clock.move(hours=6)  # it is past 17:00 in New York
    run(process, world, 1)
    assert process.metrics.value("quotes_waiting_seconds") == 0
    process.end()
