"""Slices cover a range once, in order, and are small."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.common.market.bar import INTERVALS
from services.dashboard.data_api.downloads.bar_slices import (
    ROWS,
    Series,
    Slice,
    first_slices,
    next_slice,
    slice_statement,
)
from services.dashboard.data_api.paging import Wanted
from services.dashboard.data_api.stored_tables import BARS

START = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def series(symbol: str, minutes: int, interval: str = "1min") -> Series:
    """Return one that begins at START."""
    return Series(symbol, interval, START, START + timedelta(minutes=minutes))


def test_small_series_go_together_and_a_large_one_alone() -> None:
    found = [
        series("A", 400),
        series("B", 400),
        series("C", 400, "1d"),
        series("D", 10 * ROWS),
        series("E", 1),
    ]
    assert [one for one, _ in first_slices(found)] == [
        Slice(("A", "B"), "1min", START, found[0].last + TICK),
        Slice(("C",), "1d", START, found[2].last + TICK),
        Slice(("D",), "1min", START, START + timedelta(minutes=ROWS)),
        Slice(("E",), "1min", START, found[4].last + TICK),
    ]


@given(
    st.integers(0, 50 * ROWS),
    st.sampled_from(INTERVALS),
    st.lists(st.integers(0, ROWS), min_size=1, max_size=200),
)
def test_the_slices_of_a_series_follow_each_other_to_its_last_bar(
    minutes: int, interval: str, rows: list[int]
) -> None:
    [(part, last)] = first_slices([series("A", minutes, interval)])
    assert part.since == START
    for count in rows:
        following = next_slice(part, count, last)
        if following is None:
            break
        assert following.since == part.until
        assert part.since < part.until <= last
        # So many bars as the slice before had come to no more than there is room for.
        width = following.until - following.since
        assert width * count <= (part.until - part.since) * ROWS + timedelta(seconds=1)
        part = following
    else:
        return
    assert part.until == last + TICK


def test_one_symbol_is_looked_up_by_the_key() -> None:
    shown = Wanted(ROWS, START, columns=("close",))
    part = Slice(("A",), "1min", START, START + TICK)
    statement = slice_statement(BARS, shown, part)
    assert statement.text == (
        "select close from bi.events_stream where symbol = %s and interval = %s "
        "and bar_time >= %s and bar_time < %s order by symbol, interval, bar_time"
    )
    assert statement.parameters == ("A", "1min", START, START + TICK)
