"""What is asked for after a break has every bar that did not come, and none that did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from examples.remaining_bars import INTERVALS, Query, Received, of_symbols, remaining

START = datetime(2026, 11, 16, 14, 30, tzinfo=UTC)
MANY = [f"S{number:03}" for number in range(120)]

Bar = tuple[str, str, datetime]


def stored(counts: dict[tuple[str, str], int]) -> list[Bar]:
    """Return bars in the order of their key."""
    return [
        (symbol, interval, START + timedelta(minutes=minute))
        for (symbol, interval), count in sorted(counts.items())
        for minute in range(count)
    ]


def answer(query: Query, bars: list[Bar]) -> list[Bar]:
    """Return what a server gives of them."""
    since = datetime.fromisoformat(query["from"]) if "from" in query else START
    return [
        (symbol, interval, at)
        for symbol, interval, at in bars
        if symbol in query.get("symbol", [symbol])
        and interval == query.get("interval", interval)
        and at >= since
    ]


def batch(bars: list[Bar]) -> pa.RecordBatch:
    """Return them as they come."""
    types = [pa.string(), pa.string(), pa.timestamp("us", "UTC")]
    columns = zip(*bars, strict=True) if bars else [(), (), ()]
    arrays = [pa.array(list(one), type_) for one, type_ in zip(columns, types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, names=["symbol", "interval", "bar_time"])


@given(
    st.dictionaries(
        st.tuples(st.sampled_from(MANY[::30]), st.sampled_from(INTERVALS)), st.integers(0, 4)
    ),
    st.sampled_from([{}, {"interval": "5min"}, {"symbol": MANY[30:80]}]),
    st.lists(st.integers(0, 5), max_size=30),
)
def test_with_any_breaks_every_bar_comes_once_and_in_order(
    counts: dict[tuple[str, str], int], query: Query, cuts: list[int]
) -> None:
    bars = stored(counts)
    got: list[Bar] = []
    left = [query]
    while left:
        received, whole = Received(), answer(left[0], bars)
        came = whole[: cuts[0]] if cuts else whole
        for place in range(0, len(came), 2):
            received.add(batch(came[place : place + 2]))
        got += came
        left[:1] = remaining(left[0], received, lambda: MANY) if cuts else []
        cuts = cuts[1:]
    assert got == answer(query, bars)


def test_no_query_names_more_symbols_than_the_server_takes() -> None:
    queries = of_symbols({"interval": "1d"}, MANY)
    assert [len(one["symbol"]) for one in queries] == [50, 50, 20]
    assert of_symbols({"interval": "1d"}, []) == [{"interval": "1d"}]
