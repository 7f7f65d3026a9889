"""Slices cover a range once, in order, and are small."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.common.market.bar import INTERVALS
from services.dashboard.data_api.downloads.bar_slices import (
    ROWS,
    Series,
    Slice,
    slice_statement,
    slices,
)
from services.dashboard.data_api.paging import Wanted
from services.dashboard.data_api.stored_tables import BARS

START = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def series(symbol: str, minutes: int, interval: str = "1min") -> Series:
    """Return one that begins at START."""
    return Series(symbol, interval, START, START + timedelta(minutes=minutes))


def sliced(found: Iterable[Series], rows: Iterable[int]) -> list[Slice]:
    """Return the slices, each of which had so many rows."""
    made = slices(found)
    parts = [next(made)]
    with contextlib.suppress(StopIteration):
        for count in rows:
            parts.append(made.send(count))
    return parts


def test_small_series_go_together_and_a_large_one_alone() -> None:
    found = [
        series("A", 400),
        series("B", 400),
        series("C", 400, "1d"),
        series("D", 3 * ROWS // 2),
        series("E", 1),
    ]
    middle = START + timedelta(minutes=ROWS)
    assert sliced(found, [802, 1, ROWS, ROWS, 2, 0]) == [
        Slice(("A", "B"), "1min", START, found[0].last + TICK),
        Slice(("C",), "1d", START, found[2].last + TICK),
        Slice(("D",), "1min", START, middle),
        Slice(("D",), "1min", middle, found[3].last + TICK),
        Slice(("E",), "1min", START, found[4].last + TICK),
    ]


def test_where_there_are_few_bars_more_series_go_together() -> None:
    found = [series(f"S{number}", ROWS // 2) for number in range(12)]
    few = ROWS // 8
    assert [len(part.symbols) for part in sliced(found, [few, few, few])] == [1, 8, 3]


@given(
    st.lists(
        st.tuples(st.integers(0, 50 * ROWS), st.sampled_from(INTERVALS)), min_size=1, max_size=20
    ),
    st.lists(st.integers(0, ROWS), min_size=1000, max_size=1000),
)
def test_the_slices_cover_every_series_once_in_order(
    lengths: list[tuple[int, str]], rows: list[int]
) -> None:
    found = [
        series(f"S{number:02}", minutes, interval)
        for number, (minutes, interval) in enumerate(lengths)
    ]
    parts = sliced(found, itertools.chain(rows, itertools.repeat(ROWS)))
    of_series = [(symbol, part) for part in parts for symbol in part.symbols]
    for one in found:
        own = [part for symbol, part in of_series if symbol == one.symbol]
        assert {part.interval for part in own} == {one.interval}
        assert own[0].since == START
        assert own[-1].until > one.last
        assert all(before.until == part.since for before, part in itertools.pairwise(own))
    # However few rows there were before, no statement has many times what it should have.
    for part in parts:
        distance = found[int(part.symbols[0][1:])].distance
        possible = len(part.symbols) * ((part.until - part.since) // distance + 1)
        assert possible <= 6 * ROWS or len(part.symbols) == 1 or part.until - part.since <= TICK


def test_one_symbol_is_looked_up_by_the_key() -> None:
    shown = Wanted(ROWS, START, columns=("close",))
    part = Slice(("A",), "1min", START, START + TICK)
    statement = slice_statement(BARS, shown, part)
    assert statement.text == (
        "select close from bi.events_stream where symbol = %s and interval = %s "
        "and bar_time >= %s and bar_time < %s order by symbol, interval, bar_time"
    )
    assert statement.parameters == ("A", "1min", START, START + TICK)
