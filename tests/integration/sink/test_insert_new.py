"""Bars of which the table knows nothing are copied straight into it; all others are merged."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from services.stream.records import Merged, Written
from services.stream.sink import insert_new
from services.stream.sink.offset_ledger import Move, Tally
from services.stream.sink.transaction import Done, Purpose
from services.stream.sqlstate import DatabaseError
from tests.bars import bar
from tests.fixtures.live import wait_for
from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.sink.new_bars import (
    DUE,
    LEDGER,
    NEW,
    SENT_MS,
    STORED,
    Bench,
    connected,
    rows,
    times,
)


@pytest.fixture
def bench(market: Market) -> Iterator[Bench]:
    """Return a connection to a database of its own."""
    with connected(market) as bench:
        yield bench


def test_new_bars_are_written_as_the_merge_writes_them(bench: Bench, postgres: Postgres) -> None:
    with fresh_market(postgres) as other, connected(other) as merging:
        merged = merging.apply(NEW, straight_rows=len(NEW) + 1)
        tables = merging.tables()

    done = bench.apply(NEW)

    assert done == merged
    assert done == Done(
        {0: Tally(good=len(NEW), oldest_ms=SENT_MS, added=len(NEW))},
        (Move(0, 0, len(NEW), len(NEW), 0, 0, 0),),
    )
    assert bench.tables() == tables
    assert len(bench.market.rows(STORED)) == len(NEW)


def test_the_straight_way_was_taken_and_says_what_it_wrote(bench: Bench) -> None:
    assert bench.add(NEW) == Merged({0: Written(added=len(NEW))}, frozenset("ABC"))


def test_bars_are_stamped_by_the_clock_of_the_server(bench: Bench) -> None:
    [(before,)] = bench.market.rows("select clock_timestamp()")
    bench.add(NEW)
    [(after,)] = bench.market.rows("select clock_timestamp()")

    [(inserted_at, updated_at)] = bench.market.rows(
        "select distinct inserted_at, updated_at from market.events_stream"
    )
    assert before < inserted_at == updated_at < after


@pytest.mark.parametrize(
    ("known", "coming", "straight"),
    [
        pytest.param(["10:00"], ["10:05", "10:10"], True, id="later"),
        pytest.param(["10:10"], ["10:00", "10:05"], True, id="earlier"),
        pytest.param(["10:05"], ["10:05"], False, id="the same"),
        pytest.param(["10:05"], ["10:00", "10:05", "10:10"], False, id="among them"),
        pytest.param(["10:05"], ["10:00", "10:10"], False, id="between them"),
        pytest.param(["10:00", "10:10"], ["10:05"], True, id="in a gap"),
    ],
)
def test_a_series_goes_straight_where_nothing_of_it_is_known(
    known: list[str], coming: list[str], straight: bool, bench: Bench
) -> None:
    bench.add([*times("A", *known), *times("B", "10:05")])
    found = bench.add(times("A", *coming))
    assert (found is not None) is straight
    count = len(known) + 1 + (len(coming) if straight else 0)
    assert bench.market.rows("select count(*) from market.events_stream") == [(count,)]


def test_another_interval_of_a_symbol_is_another_series(bench: Bench) -> None:
    bench.add([bar(interval="1min")])
    assert bench.add([bar(interval="5min")]) is not None


def test_known_bars_are_merged(bench: Bench) -> None:
    bench.apply(times("A", "10:00", "10:05"))
    newer = {"observed_at": "2025-11-06T21:00:09Z"}
    late = {"observed_at": "2025-11-06T20:00:00Z"}
    done = bench.apply(
        [
            bar({"close": "269.90"}, symbol="A", exchange_time="2025-11-06 10:00:00", **newer),
            bar({"close": "269.80"}, symbol="A", exchange_time="2025-11-06 10:05:00", **late),
            *times("A", "10:10"),
        ]
    )
    assert done.tallies == {0: Tally(good=3, oldest_ms=SENT_MS, added=1, changed=1)}
    query = "select close::float8, revision from market.events_stream order by bar_time"
    assert bench.market.rows(query) == [(269.9, 2), (270.05, 1), (270.05, 1)]


def test_fewer_rows_than_asked_for_are_not_even_looked_for(bench: Bench) -> None:
    stamps = "select count(distinct inserted_at) from market.events_stream where symbol = %s"
    clocks = [f"10:{minute:02}" for minute in range(50)]
    bench.apply(times("A", *clocks), straight_rows=51)
    bench.apply(times("B", *clocks), straight_rows=50)
    # The merge stamps each row by itself.
    assert bench.market.rows(stamps, ("A",)) > [(1,)]
    assert bench.market.rows(stamps, ("B",)) == [(1,)]


@pytest.mark.parametrize(("last", "straight"), [("S99", True), ("S100", False)])
def test_a_look_for_each_series_must_be_worth_it(last: str, straight: bool, bench: Bench) -> None:
    # A hundred series of four bars each, a hundredth of 400; or one series more.
    clocks = ("10:00", "10:05", "10:10", "10:15")
    bars = [one for number in range(100) for one in times(f"S{number}", *clocks)]
    bars[-1:] = times(last, clocks[-1])
    assert (bench.add(bars, fewest_rows=400) is not None) is straight


def test_a_preview_writes_nothing_and_a_replay_goes_straight_too(bench: Bench) -> None:
    preview = bench.apply(NEW, purpose=Purpose.PREVIEW)
    assert bench.market.rows(STORED) == []
    done = bench.apply(NEW, purpose=Purpose.REPLAY)
    assert preview == done == Done({0: Tally(len(NEW), 0, SENT_MS, len(NEW))})
    assert bench.market.rows(LEDGER) == []
    assert len(bench.market.rows(STORED)) == len(NEW)


@pytest.mark.parametrize("ends", ["commit", "rollback"])
def test_a_bar_that_somebody_is_storing_is_waited_for(ends: str, bench: Bench) -> None:
    other_value = bar({"close": "269.90"}, symbol="B", exchange_time="2025-11-06 10:05:00")
    with connected(bench.market) as other, ThreadPoolExecutor() as pool:
        with suppress(_UndoneError), other.session.transaction():
            assert insert_new.add(other.session, rows([other_value], partition=7)) is not None
            waiting = pool.submit(bench.apply, NEW)
            wait_for(lambda: _waits(bench.market), "the wait for the other's transaction")
            if ends == "rollback":
                raise _UndoneError
        done = waiting.result(60)

    committed = ends == "commit"
    tally = Tally(len(NEW), 0, SENT_MS, len(NEW) - committed, int(committed))
    assert done.tallies == {0: tally}
    seen = "select close::float8, revision, kafka_partition from market.events_stream"
    assert bench.market.rows(f"{seen} where symbol = 'B' order by bar_time desc limit 1") == [
        (270.05, 1 + committed, 0)
    ]
    assert len(bench.market.rows(STORED)) == len(NEW)
    assert len(bench.market.rows(DUE)) == (5 if committed else 4)


class _UndoneError(Exception):
    """The other transaction is rolled back."""


def _waits(market: Market) -> bool:
    query = """
        select count(*) from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'
    """
    return market.rows(query) == [(1,)]


def test_what_a_crash_interrupts_leaves_nothing(bench: Bench) -> None:
    with suppress(DatabaseError), bench.session.transaction():
        assert insert_new.add(bench.session, rows(NEW)) is not None
        bench.session.close()
    assert bench.session.broken
    assert bench.tables() == [[], [], []]
