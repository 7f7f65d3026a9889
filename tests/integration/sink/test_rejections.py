"""What is refused keeps its bytes, and stops nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from services.stream.records import RejectedRecord
from services.stream.sink.rejected_topic import RejectedTopic
from tests.bars import bar, record
from tests.fixtures.market import Market, Topic, rejected_records
from tests.fixtures.sink import SinkBench
from tests.integration.sink.stored import BARS, LEDGER, counts, paths


@paths
def test_a_rejected_record_keeps_its_bytes_in_the_table_and_in_the_topic(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    topic = make_topic(1)
    topic.send((b"AAPL", b"\xff\x00 no json"), (b"MSFT", None), record(bar()))
    bench = make_sink(topic, driver_rows)

    assert counts(bench.apply()) == (1, 0, 2, 0)

    assert market.rows(
        "select topic, kafka_partition, kafka_offset, key, value, reason "
        "from market.rejected_events order by kafka_offset"
    ) == [
        (topic.name, 0, 0, b"AAPL", b"\xff\x00 no json", "invalid_utf8"),
        (topic.name, 0, 1, b"MSFT", None, "null_value"),
    ]
    assert [(item.key, item.value, dict(item.headers)) for item in rejected_records(topic)] == [
        (
            b"AAPL",
            b"\xff\x00 no json",
            {
                "__dlq.errors.topic": topic.name.encode(),
                "__dlq.errors.partition": b"0",
                "__dlq.errors.offset": b"0",
                "__dlq.errors.reason": b"invalid_utf8",
            },
        ),
        (
            b"MSFT",
            None,
            {
                "__dlq.errors.topic": topic.name.encode(),
                "__dlq.errors.partition": b"0",
                "__dlq.errors.offset": b"1",
                "__dlq.errors.reason": b"null_value",
            },
        ),
    ]


def test_a_record_of_nothing_reaches_the_rejected_topic_as_such(
    make_topic: Callable[[int], Topic],
) -> None:
    topic = make_topic(1)
    rejected = RejectedTopic(topic.cluster, topic.name)
    instant = datetime(2025, 11, 6, tzinfo=UTC)

    rejected.publish([RejectedRecord(0, 7, instant, None, None, "null_value")])
    rejected.close()

    [found] = rejected_records(topic)
    assert (found.key, found.value, dict(found.headers)["__dlq.errors.null_value"]) == (
        None,
        b"",
        b"true",
    )


@paths
def test_a_row_that_the_database_refuses_does_not_stop_the_others(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    market.run("alter table market.events_stream add constraint no_pox check (symbol <> 'POX')")
    topic = make_topic(1)
    pox = record(bar(symbol="POX"))
    good = [record(bar(symbol=f"S{number:02}")) for number in range(20)]
    topic.send(*good[:7], pox, *good[7:], (b"?", b"{"))
    bench = make_sink(topic, driver_rows)

    assert counts(bench.apply()) == (20, 0, 2, 0)

    assert market.rows(
        "select kafka_offset, key, value, reason from market.rejected_events order by 1"
    ) == [(7, *pox, "database_23514"), (21, b"?", b"{", "malformed_json")]
    assert [row[0] for row in market.rows(BARS)] == [f"S{number:02}" for number in range(20)]
    assert market.rows(LEDGER) == [(0, 0, 22, 20, 0, 2, 0)]
