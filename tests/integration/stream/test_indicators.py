"""Indicators over a real PostgreSQL: whatever came when, they are those of the stored bars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.stream.indicators.tables import Derived, derive_group, fold, pending
from services.stream.sink import postgres
from services.stream.sqlstate import DatabaseError
from tests.fixtures.market import Market
from tests.integration.stream.derived_series import (
    AAPL,
    BASES,
    START,
    TSLA,
    Split,
    derive_all,
    line,
    merge,
    merge_split,
    time_of,
)
from tests.integration.views.expected.indicators import DERIVED, assert_derived

MARKS = "select symbol, interval, from_time, until_time from market.indicator_work order by 1, 3"


@pytest.fixture
def session(market: Market) -> Iterator[postgres.Session]:
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        yield session


PRICES = st.dictionaries(
    st.tuples(st.sampled_from(list(BASES)), st.integers(0, 290)),
    st.integers(500, 600),
    min_size=1,
    max_size=30,
)
SPLIT = st.tuples(
    st.sampled_from(list(BASES)),
    st.integers(0, 3),
    st.sampled_from([(10, 1), (1, 8), (3, 2), None]),
)
STEP = st.one_of(PRICES, st.integers(1, 60), SPLIT)
"""Bars and their prices that a batch brings, how many bars of a series are derived next, or a split
of so much before a session, withdrawn if None."""


@settings(
    deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.integers(0, 290), steps=st.lists(STEP, max_size=12), most_bars=st.integers(1, 300))
def test_any_order_of_arrival_ends_in_the_same_table(
    first: int,
    steps: list[dict[tuple[str, int], int] | int | Split],
    most_bars: int,
    session: postgres.Session,
    market: Market,
) -> None:
    market.run(
        "truncate market.events_stream, market.bar_indicators, market.indicator_work,"
        " market.corporate_actions, market.corporate_action_revisions"
    )
    if first:
        merge(session, [line("AAPL", minute, 550 + minute % 7, 0) for minute in range(first)])
    for second, step in enumerate(steps, start=1):
        if isinstance(step, int):
            derive_group(session, pending(session, 100) or [AAPL], step)
        elif isinstance(step, tuple):
            merge_split(session, step, second)
        else:
            merge(session, [line(*key, price, second) for key, price in step.items()])
    derive_all(session, most_bars)

    assert_derived(market)


def test_a_split_derives_again_what_looks_back_across_it(
    session: postgres.Session, market: Market
) -> None:
    merge(session, [line("AAPL", minute, 500 + minute, 0) for minute in range(291)])
    assert derive_all(session) == [Derived(bars=291, rows=291)]
    before = market.rows(DERIVED)

    merge_split(session, ("AAPL", 2, (10, 1)), 1)
    [derived] = derive_all(session)

    # Of the 97 bars since, those that look back across it: their ATR to the last one.
    assert derived == Derived(bars=291, rows=97)
    assert market.rows(DERIVED)[:194] == before[:194]
    assert_derived(market)
    # It is seen again, and nothing is due; it is withdrawn, and all is as it was.
    merge_split(session, ("AAPL", 2, (10, 1)), 2)
    assert pending(session, 100) == []
    merge_split(session, ("AAPL", 2, None), 3)
    derive_all(session)
    assert market.rows(DERIVED) == before


def test_only_what_changed_is_written(session: postgres.Session, market: Market) -> None:
    merge(session, [line("AAPL", minute, 500 + minute, 0) for minute in range(300)])
    assert derive_all(session) == [Derived(bars=300, rows=300)]

    merge(session, [line("AAPL", 300, 900, 1)])
    assert derive_all(session) == [Derived(bars=1, rows=1)]
    # Moving averages without end carry a correction on to the last bar.
    merge(session, [line("AAPL", 250, 900, 2)])
    assert derive_all(session) == [Derived(bars=51, rows=51)]
    # What comes out as it was, longer than any window, changes nothing that follows.
    market.run("insert into market.indicator_work values ('AAPL', '1min', %s, %s)", (START, START))
    assert derive_all(session, most_bars=250) == [Derived(bars=250, rows=0)]


def test_a_long_series_is_derived_in_parts(session: postgres.Session, market: Market) -> None:
    merge(session, [line("AAPL", minute, 500 + minute, 0) for minute in range(250)])
    assert derive_all(session, most_bars=100) == [
        Derived(bars=100, rows=100, unfinished=1),
        # With so few bars before them, the first are computed once more and not written.
        Derived(bars=200, rows=100, unfinished=1),
        Derived(bars=50, rows=50),
    ]
    assert_derived(market)


class Interrupted(postgres.Session):
    """A session in whose computations something happens after the bars were read."""

    meanwhile: Callable[[], object]

    def copy_in(self, statement: str, parts: Iterable[bytes | memoryview]) -> None:
        self.meanwhile()
        super().copy_in(statement, parts)


@pytest.fixture
def interrupted(session: postgres.Session) -> Interrupted:
    return Interrupted(session._connection)


@pytest.fixture
def other(market: Market) -> Iterator[postgres.Session]:
    with closing(postgres.connect(market.address("stream_writer"), "other")) as session:
        yield session


def test_a_merge_in_the_middle_of_a_computation_is_next(
    interrupted: Interrupted, other: postgres.Session, market: Market
) -> None:
    merge(other, [line("AAPL", minute, 500 + minute, 0) for minute in range(30)])
    interrupted.meanwhile = lambda: merge(other, [line("AAPL", 20, 700, 1)])

    assert derive_group(interrupted, [AAPL], 100) == Derived(bars=30, rows=30)

    assert market.rows(MARKS) == [(*AAPL, time_of(20), time_of(20))]
    derive_all(other)
    assert_derived(market)


def test_of_two_computations_at_once_one_is_told_to_try_again(
    interrupted: Interrupted, other: postgres.Session, market: Market
) -> None:
    merge(other, [line("AAPL", minute, 500 + minute, 0) for minute in range(30)])
    interrupted.meanwhile = lambda: derive_all(other)

    with pytest.raises(DatabaseError) as caught:
        derive_group(interrupted, [AAPL], 100)

    assert caught.value.sqlstate == "40001"
    assert_derived(market)


def test_rows_that_somebody_removed_come_back(session: postgres.Session, market: Market) -> None:
    merge(session, [line("AAPL", minute, 500 + minute, 0) for minute in range(250)])
    derive_all(session)
    market.run("delete from market.bar_indicators")
    merge(session, [line("AAPL", 250, 700, 1)])

    assert derive_all(session) == [Derived(unfinished=1), Derived(bars=251, rows=251)]

    assert_derived(market)


def test_marks_are_folded_into_one_of_each_series(
    session: postgres.Session, market: Market
) -> None:
    for minute in (5, 3, 9):
        merge(session, [line("AAPL", minute, 500, 0), line("TSLA", minute + 1, 500, 0)])
    fold(session)
    assert market.rows(MARKS) == [
        (*AAPL, time_of(3), time_of(9)),
        (*TSLA, time_of(4), time_of(10)),
    ]
    derive_all(session)
    assert_derived(market)
