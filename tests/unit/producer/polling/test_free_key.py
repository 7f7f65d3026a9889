"""A free key's 25 calls a day, over real HTTP: a symbol without bars takes none from the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from services.producer.series import Series
from services.simulator.market.trading_sessions import Sessions, load_sessions
from tests.unit.producer.harness import FREE, Process, World, published
from tests.unit.producer.loop.served_vendor import ServedVendor, recorded, served_world

MONDAY = datetime(2025, 11, 3, 16, 0, tzinfo=UTC)
DAYS = [date(2025, 10, 27) + timedelta(days=number) for number in range(19)]
SESSIONS = [str(day) for day in DAYS if day.weekday() < 5]
WEEK = 7


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    return load_sessions(MONDAY)


@contextmanager
def free_vendor(
    folder: Path, sessions: Sessions, good: list[str]
) -> Iterator[tuple[World, ServedVendor]]:
    """Serve daily bars of the good symbols to a free key; no others exist."""
    bars = [each for symbol in good for each in recorded(Series(symbol, "1d"), SESSIONS)]
    with served_world(folder, MONDAY, sessions, bars, plan="free") as served:
        yield served


def run_for_days(world: World, symbols: list[str], count: int) -> float:
    """Go through so many days, with two restarts a day; return how many series are given up."""
    given_up = 0.0
    for _ in range(2 * count):
        process = Process(world, {**FREE, "SYMBOLS": ",".join(symbols)})
        for _ in range(72):
            process.steps(1)
            world.clock.move(minutes=10)
        given_up = process.metrics.value("series_given_up")
        process.end()
    return given_up


@pytest.mark.parametrize("fault", ["empty_object", "bad_call"])
def test_three_dead_symbols_leave_the_others_their_calls(
    tmp_path: Path, sessions: Sessions, fault: str
) -> None:
    good, dead = [f"G{number:02}" for number in range(22)], ["X01", "X02", "X03"]
    with free_vendor(tmp_path, sessions, good) as (world, vendor):
        vendor.faults.set(symbols=dict.fromkeys(dead, fault))
        run_for_days(world, [*dead, *good], WEEK)
        assert max(vendor.calls_on.values()) == 1
        for symbol in good:  # Tuesday to Saturday in UTC: the days after a session's end
            asked_on = {day for day, each in vendor.calls_on if each == symbol}
            assert {date(2025, 11, day) for day in range(4, 9)} <= asked_on
        stored = {(bar["symbol"], bar["exchange_time"]) for bar in published(world.broker)}
        assert stored == {(symbol, day) for symbol in good for day in SESSIONS[:10]}


def test_a_dead_symbol_has_its_share_and_after_days_one_call_a_day(
    tmp_path: Path, sessions: Sessions
) -> None:
    with free_vendor(tmp_path, sessions, ["G01", "G02", "G03"]) as (world, vendor):
        vendor.faults.set(symbols={"X01": "empty_object"})
        given_up = run_for_days(world, ["X01", "G01", "G02", "G03"], WEEK)
        made = [vendor.calls_on[(DAYS[WEEK + day], "X01")] for day in range(WEEK)]
        assert all(2 <= calls <= 6 for calls in made[:3])
        assert made[4:] == [1, 1, 1]
        assert given_up == 1
