"""Splits and dividends: when they are asked for, what is published, what is withdrawn."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from services.producer.series import DIVIDENDS, SPLITS, Series
from tests.unit.producer.harness import DAILY, FREE, LIVE, Process, World, daily

ON = {"CORPORATE_ACTIONS": "true", "INTERVALS": "1d"}
SPLIT_LIST, DIVIDEND_LIST = Series("AAPL", SPLITS), Series("AAPL", DIVIDENDS)
FOUR = {"effective_date": "2020-08-31", "split_factor": "4.0000"}
SEVEN = {"effective_date": "2014-06-09", "split_factor": "7.0000"}
CASH = {"ex_dividend_date": "2020-08-07", "amount": "0.82"}


def filled(world: World) -> World:
    world.vendor.bars[DAILY] = daily(["2025-11-04", "2025-11-05"])
    world.vendor.lists[SPLIT_LIST] = [FOUR, SEVEN]
    world.vendor.lists[DIVIDEND_LIST] = [CASH]
    return world


def asked(world: World) -> list[Series]:
    """Return the lists that were asked for since the last look."""
    lists = [series for series, _ in world.vendor.calls if series in (SPLIT_LIST, DIVIDEND_LIST)]
    world.vendor.calls.clear()
    return lists


def events(world: World) -> list[Any]:
    """Return what was published to the actions' topic since the last look."""
    sent = zip(world.broker.topics, world.broker.log, strict=True)
    found = [json.loads(value) for topic, (_, value) in sent if topic != "market.bars"]
    assert set(world.broker.topics) <= {"market.bars", "market.corporate_actions"}
    world.broker.topics.clear()
    world.broker.log.clear()
    names = ("kind", "ex_date", "numerator", "amount", "is_withdrawn")
    return [tuple(each[name] for name in names) for each in found]


def run(process: Process, world: World, minutes: int) -> None:
    for _ in range(minutes):
        process.steps(3)
        world.clock.move(minutes=1)


def test_each_list_is_asked_for_once_a_day_and_only_news_is_published(world: World) -> None:
    process = Process(filled(world), {**LIVE, **ON})
    run(process, world, 10)
    assert asked(world) == [SPLIT_LIST, DIVIDEND_LIST]
    assert events(world) == [
        ("split", "2014-06-09", "7", "", False),
        ("split", "2020-08-31", "4", "", False),
        ("dividend", "2020-08-07", "", "0.82", False),
    ]
    run(process, world, 10)
    process.end()
    again = Process(world, {**LIVE, **ON})
    run(again, world, 10)
    assert asked(world) == []

    world.clock.move(days=1)
    world.vendor.lists[DIVIDEND_LIST] = [CASH | {"amount": "0.83"}]
    run(again, world, 10)
    assert asked(world) == [SPLIT_LIST, DIVIDEND_LIST]
    assert events(world) == [("dividend", "2020-08-07", "", "0.83", False)]
    again.end()


def test_what_is_no_longer_listed_is_withdrawn_but_never_by_an_empty_list(world: World) -> None:
    process = Process(filled(world), {**LIVE, **ON})
    run(process, world, 5)
    events(world)
    world.vendor.lists[SPLIT_LIST], world.vendor.lists[DIVIDEND_LIST] = [FOUR], []
    for _ in range(2):
        world.clock.move(days=1)
        run(process, world, 5)
    assert events(world) == [("split", "2014-06-09", "", "", True)]

    world.vendor.lists[SPLIT_LIST] = [SEVEN, FOUR]
    world.clock.move(days=1)
    run(process, world, 5)
    assert events(world) == [("split", "2014-06-09", "7", "", False)]
    process.end()


def test_a_free_key_spends_two_calls_a_week(world: World) -> None:
    process = Process(filled(world), {**FREE, **ON})
    run(process, world, 5)
    assert asked(world) == [SPLIT_LIST, DIVIDEND_LIST]
    for _ in range(6):
        world.clock.move(days=1)
        run(process, world, 3)
    assert asked(world) == []
    world.clock.move(days=1)
    run(process, world, 5)
    assert asked(world) == [SPLIT_LIST, DIVIDEND_LIST]
    process.end()


def test_bars_keep_their_calls_of_the_day(world: World) -> None:
    symbols = [f"S{number:02}" for number in range(25)]
    for symbol in symbols:
        world.vendor.bars[Series(symbol, "1d")] = daily(["2025-11-05"])
        for name in (SPLITS, DIVIDENDS):
            world.vendor.lists[Series(symbol, name)] = []
    process = Process(world, {**FREE, **ON, "SYMBOLS": ",".join(symbols)})
    run(process, world, 40)
    assert sorted(str(series) for series, _ in world.vendor.calls) == [f"{s} 1d" for s in symbols]
    process.end()


def test_a_price_that_moves_overnight_as_by_a_split_is_asked_about_at_once(world: World) -> None:
    world.clock.move(hours=3)
    process = Process(filled(world), {**LIVE, **ON})
    run(process, world, 5)
    assert asked(world) == [SPLIT_LIST, DIVIDEND_LIST]
    world.clock.move(hours=4)
    world.vendor.bars[DAILY]["2025-11-06"] = ("2.6", "2.7", "2.5", "2.6", "400")
    run(process, world, 60)
    assert asked(world) == [SPLIT_LIST, DIVIDEND_LIST]
    assert world.clock.now() < datetime(2025, 11, 7, 8, tzinfo=UTC)
    process.end()


def test_a_list_that_fails_is_asked_for_again_and_holds_up_no_bar(world: World) -> None:
    del filled(world).vendor.lists[SPLIT_LIST]
    process = Process(world, {**LIVE, **ON})
    run(process, world, 30)
    assert DIVIDEND_LIST in (calls := asked(world))
    assert 1 < calls.count(SPLIT_LIST) < 15
    world.vendor.lists[SPLIT_LIST] = [FOUR]
    events(world)
    for _ in range(48):
        world.clock.move(minutes=30)
        process.steps(3)
    assert ("split", "2020-08-31", "4", "", False) in events(world)
    process.end()


def test_nothing_is_asked_for_where_it_is_not_wanted_or_once(world: World) -> None:
    process = Process(filled(world), {**LIVE, **ON, "CORPORATE_ACTIONS": "false"})
    run(process, world, 10)
    process.end()
    assert world.once({**LIVE, **ON}) == 0
    assert asked(world) == []
