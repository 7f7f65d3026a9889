"""A series whose price basis changes is fetched again whole, and is never mixed unsaid."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from decimal import Decimal

import pytest

from services.producer.publishing.state_file import FILE_NAME
from services.producer.series import COMPACT, FULL, Slice
from tests.unit.producer.harness import (
    FIVE,
    LIVE,
    Process,
    World,
    held,
    intraday,
    published,
    stored,
)

ADJUSTED = {**LIVE, "ADJUSTED": "true", "HISTORY_MONTHS": "1"}
MONTHS = [Slice("month", "2025-10")]


def priced(times: Sequence[str]) -> dict[str, Sequence[str]]:
    """Return bars of which each has prices of its own."""
    return {
        time: (*tuple(f"{100 + step + place % 37}.0000" for step in (0, 2, -2, 1)), "7")
        for place, time in enumerate(sorted(times))
    }


def rebase(world: World, factor: str, until: str) -> None:
    """Adjust the vendor's bars before a time, as on an ex-date."""
    world.vendor.bars[FIVE] = {
        time: (*(f"{Decimal(text) * Decimal(factor):.4f}" for text in fields[:4]), fields[4])
        if time < until
        else fields
        for time, fields in world.vendor.bars[FIVE].items()
    }


def basis_of(world: World) -> dict[str, tuple[bool, str | None]]:
    """Return the basis of the newest observation of each bar."""
    return {
        bar["exchange_time"]: (bar["adjusted"], bar.get("adjusted_as_of"))
        for bar in published(world.broker)
    }


def test_a_dividend_has_every_bar_fetched_again_on_the_new_basis(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    history = intraday(40, "2025-10-03 15:00:00") | intraday(300)
    world.vendor.bars[FIVE] = priced([*history])
    process = Process(world, ADJUSTED)
    process.steps(6)
    assert {*basis_of(world).values()} == {(True, "2025-11-06")}
    assert stored(world.broker) == held(world.vendor)

    world.clock.move(hours=22)
    world.vendor.bars[FIVE] |= priced([*intraday(20, "2025-11-07 09:00:00")])
    process.steps(6)
    world.clock.move(minutes=10)
    rebase(world, "0.9951", "2025-11-07")
    world.vendor.calls.clear()
    process.steps(8)

    assert world.vendor.calls == [(FIVE, COMPACT), (FIVE, FULL), *((FIVE, m) for m in MONTHS)]
    assert stored(world.broker) == held(world.vendor)
    assert {*basis_of(world).values()} == {(True, "2025-11-07")}
    [line] = [record.message for record in caplog.records if "fetched again" in record.message]
    assert line.startswith("AAPL 5min: now adjusted as of 2025-11-07 (older prices are 0.9951 ")
    world.clock.move(minutes=10)
    process.steps(4)
    assert world.vendor.calls[3:] == [(FIVE, COMPACT)]
    process.end()


def test_who_turns_from_adjusted_to_traded_prices_has_the_whole_series_so(world: World) -> None:
    world.vendor.bars[FIVE] = priced([*intraday(40, "2025-10-03 15:00:00"), *intraday(300)])
    assert world.once(ADJUSTED) == 0
    rebase(world, "1.25", "3")
    world.vendor.calls.clear()
    world.clock.move(minutes=10)
    assert world.once({**ADJUSTED, "ADJUSTED": "false"}) == 0
    assert {*world.vendor.calls} == {(FIVE, COMPACT), (FIVE, FULL), (FIVE, MONTHS[0])}
    assert stored(world.broker) == held(world.vendor)
    assert {*basis_of(world).values()} == {(False, None)}


def test_a_series_fetched_before_the_basis_was_kept_is_fetched_again(world: World) -> None:
    world.vendor.bars[FIVE] = priced([*intraday(40, "2025-10-03 15:00:00"), *intraday(300)])
    assert world.once(ADJUSTED) == 0
    with sqlite3.connect(world.folder / FILE_NAME) as state:
        state.execute("drop table bases")
        state.execute("drop table anchors")
    rebase(world, "1.25", "3")
    world.clock.move(minutes=10)
    assert world.once({**LIVE}) == 0
    assert stored(world.broker) == held(world.vendor)
    assert {*basis_of(world).values()} == {(False, None)}


def test_a_vendor_that_answers_on_two_bases_in_turn_is_not_believed(world: World) -> None:
    world.vendor.bars[FIVE] = priced([*intraday(300)])
    process = Process(world, ADJUSTED)
    process.steps(6)
    bases, first = [], world.vendor.bars[FIVE]
    for factor in ("0.5", "1", "0.5", "1", "0.5"):
        world.vendor.bars[FIVE] = first
        rebase(world, factor, "3")
        world.clock.move(minutes=6)
        process.steps(8)
        by_basis: dict[str, set[Decimal]] = {}
        for bar in published(world.broker):
            if bar["exchange_time"] == "2025-11-06 10:00:00":
                by_basis.setdefault(bar["adjusted_as_of"], set()).add(Decimal(bar["ohlcv"]["open"]))
        bases.append(by_basis)
    assert all(len(prices) == 1 for prices in bases[-1].values())
    assert [*bases[-1]] == ["2025-11-06", "2025-11-07"]
    process.end()
