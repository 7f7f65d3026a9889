"""The sink against a real Kafka, Spark and PostgreSQL: once in effect, whatever comes again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from services.stream.sink import postgres
from services.stream.sink.offset_ledger import OffsetGapError, OffsetRange
from tests.bars import bar, record
from tests.fixtures.market import Market, Topic
from tests.fixtures.sink import SinkBench
from tests.integration.sink.stored import BARS, LEDGER, counts, paths

OBSERVED_AT = 13  # its place in a row of BARS

REJECTED = "select * from market.rejected_events order by topic, kafka_partition, kafka_offset"


@paths
def test_a_bar_is_stored_with_every_field(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    topic = make_topic(1)
    topic.send(record(bar()))
    bench = make_sink(topic, driver_rows)

    assert counts(bench.apply()) == (1, 0, 0, 0)

    assert market.rows(BARS) == [
        (
            "AAPL",
            datetime(2025, 11, 6, 20, 55, tzinfo=UTC),
            "5min",
            Decimal("269.800000"),
            Decimal("270.100000"),
            Decimal("269.750000"),
            Decimal("270.050000"),
            18345,
            date(2025, 11, 6),
            "alphavantage",
            "delayed_15min",
            "unknown",
            True,
            datetime(2025, 11, 6, 21, 0, 3, 412000, tzinfo=UTC),
            1,
            0,
            0,
        )
    ]
    assert market.rows(LEDGER) == [(0, 0, 1, 1, 0, 0, 0)]


@paths
def test_the_same_batch_again_writes_nothing(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    topic = make_topic(2)
    for partition in (0, 1):
        symbol = f"S{partition}"
        topic.send(record(bar(symbol=symbol)), (b"?", b"no bar"), partition=partition)
    bench = make_sink(topic, driver_rows)
    bench.apply()
    before = [market.rows(query) for query in (BARS, LEDGER, REJECTED)]

    assert counts(bench.apply()) == (0, 0, 0, 0)

    assert [market.rows(query) for query in (BARS, LEDGER, REJECTED)] == before


@paths
def test_a_batch_that_was_applied_in_part_adds_only_the_rest(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    topic = make_topic(1)
    topic.send(*(record(bar(symbol=f"S{number}")) for number in range(6)))
    bench = make_sink(topic, driver_rows)

    assert counts(bench.apply({0: OffsetRange(0, 4)})) == (4, 0, 0, 0)
    assert counts(bench.apply({0: OffsetRange(2, 6)})) == (2, 0, 0, 0)

    assert market.rows(LEDGER) == [(0, 0, 6, 6, 0, 0, 0)]
    assert [row[0] for row in market.rows(BARS)] == ["S0", "S1", "S2", "S3", "S4", "S5"]


@paths
def test_the_newest_observation_wins_and_the_replaced_value_is_kept(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    topic = make_topic(1)
    first = bar({"close": "269.90"}, is_final=False)
    newer = bar(observed_at="2025-11-06T21:01:00Z")
    topic.send(record(first), record(newer))
    bench = make_sink(topic, driver_rows)

    assert counts(bench.apply({0: OffsetRange(0, 1)})) == (1, 0, 0, 0)
    assert counts(bench.apply({0: OffsetRange(1, 2)})) == (1, 0, 0, 0)

    assert market.rows(
        "select close, is_final, revision, kafka_offset from market.events_stream"
    ) == [(Decimal("270.050000"), True, 2, 1)]
    assert market.rows(
        "select close, is_final, revision, kafka_offset from market.bar_revisions"
    ) == [(Decimal("269.900000"), False, 1, 0)]


@paths
def test_older_and_repeated_observations_are_superseded(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    topic = make_topic(1)
    kept = bar()
    older = bar({"close": "269.85"}, observed_at="2025-11-06T20:59:00Z")
    topic.send(record(kept), record(older), record(kept), record(replace(kept, is_final=True)))
    bench = make_sink(topic, driver_rows)
    bench.apply({0: OffsetRange(0, 1)})
    before = market.rows("select xmin::text, * from market.events_stream")

    for offset in (1, 2, 3):
        assert counts(bench.apply({0: OffsetRange(offset, offset + 1)})) == (0, 1, 0, 0)

    assert market.rows("select xmin::text, * from market.events_stream") == before
    assert market.rows(LEDGER) == [(0, 0, 4, 1, 3, 0, 0)]


@paths
def test_a_value_seen_again_is_as_new_as_its_last_sighting(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    topic = make_topic(1)
    again = bar(observed_at="2025-11-06T21:05:00Z", freshness="historical")
    between = bar({"close": "269.85"}, observed_at="2025-11-06T21:04:00Z")
    topic.send(record(bar()), record(again), record(between))
    bench = make_sink(topic, driver_rows)
    bench.apply({0: OffsetRange(0, 1)})
    [first] = market.rows(BARS)

    assert counts(bench.apply({0: OffsetRange(1, 2)})) == (0, 1, 0, 0)
    assert counts(bench.apply({0: OffsetRange(2, 3)})) == (0, 1, 0, 0)

    moved = datetime(2025, 11, 6, 21, 5, tzinfo=UTC)
    assert market.rows(BARS) == [(*first[:OBSERVED_AT], moved, *first[OBSERVED_AT + 1 :])]
    assert market.rows("select * from market.bar_revisions") == []


@paths
def test_the_same_bar_twice_in_a_batch_is_stored_once(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    topic = make_topic(2)
    older = bar({"close": "269.99"}, observed_at="2025-11-06T21:00:00Z")
    topic.send(record(bar()), partition=0)
    topic.send(record(older), record(bar({"close": "269.88"})), partition=1)
    bench = make_sink(topic, driver_rows)

    applied = bench.apply()

    # The same instant twice: the higher offset wins. Executors apply partitions in any order, so
    # that the other partition's value may have been there for a moment.
    assert market.rows("select close, kafka_partition, kafka_offset from market.events_stream") == [
        (Decimal("269.880000"), 1, 1)
    ]
    replaced = market.rows("select kafka_partition, kafka_offset from market.bar_revisions")
    assert replaced in ([], [(0, 0)])
    assert counts(applied) == (1 + len(replaced), 2 - len(replaced), 0, 0)


def test_a_hole_before_the_batch_is_refused_and_counted_only_when_accepted(
    market: Market, make_topic: Callable[[int], Topic], make_sink: Callable[..., SinkBench]
) -> None:
    topic = make_topic(1)
    topic.send(*(record(bar(symbol=f"S{number}")) for number in range(4)))
    strict = make_sink(topic)
    strict.apply({0: OffsetRange(0, 1)})

    with pytest.raises(OffsetGapError, match="2 records"):
        strict.apply({0: OffsetRange(3, 4)})
    assert market.rows(LEDGER) == [(0, 0, 1, 1, 0, 0, 0)]

    strict.sink.connection.close()
    lenient = make_sink(topic, accept_lost=True)
    assert counts(lenient.apply({0: OffsetRange(3, 4)})) == (1, 0, 0, 2)
    assert market.rows(LEDGER) == [(0, 0, 4, 2, 0, 0, 2)]


def test_listeners_hear_which_symbols_changed(
    market: Market, make_topic: Callable[[int], Topic], make_sink: Callable[..., SinkBench]
) -> None:
    topic = make_topic(1)
    topic.send(record(bar(symbol="MSFT")), record(bar()))
    bench = make_sink(topic)
    with market.connect("dashboard_reader") as listener:
        listener.autocommit = True
        listener.execute("listen bars")
        bench.apply()
        [note] = listener.notifies(timeout=20, stop_after=1)

    assert (note.channel, note.payload) == ("bars", '{"symbols": ["AAPL", "MSFT"]}')


def test_the_server_soon_notices_that_a_network_took_the_client_away(market: Market) -> None:
    """Else the lock of a connection that is gone shuts its successor out for hours."""
    names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        found = [session.fetch(f"show {name}")[0][0] for name in names]
        [(checked,)] = session.fetch("show client_connection_check_interval")
    assert (found, checked) == (["10", "5", "3"], "10s")
