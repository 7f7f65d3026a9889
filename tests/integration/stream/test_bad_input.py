"""Every class of bad input, through a real Kafka, Spark and PostgreSQL: the record's fate, its
bytes, and that nothing around it is harmed."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from threading import Event
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from pyspark.sql import SparkSession

from scripts.local_stack.servers.ports import free_ports
from services.common import advisory_locks, topics
from services.common.kafka_cluster.cluster import KafkaCluster
from services.stream.retry import StoppedError
from services.stream.sink import postgres as stream_postgres
from services.stream.sink.batch import InstanceConnection, Sink
from services.stream.sink.dispatch import Writer
from services.stream.sink.rejected_topic import RejectedTopic
from services.stream.sink.transaction import Work
from services.stream.spark import runtime
from tests.bars import bar, record
from tests.contract.decoding.records import SUPERSEDED, Case, Stored
from tests.fixtures.market import Market, Topic, fresh_market, rejected_records
from tests.fixtures.servers import Postgres
from tests.fixtures.sink import SinkBench
from tests.integration.stream.judged import CASES, FOREVER_MS, NOTHING, Judged, send, send_nothing

EVERY_CASE = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> Iterator[Market]:
    """Return a migrated database that all tests of this module read."""
    with fresh_market(postgres) as fresh:
        yield fresh


@pytest.fixture(scope="module")
def topic(kafka: str) -> Topic:
    """Return a topic of one partition that takes records of any time."""
    name = f"bad-{secrets.token_hex(4)}"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        existing = admin.list_topics()
        wanted = [
            NewTopic(name, 1, 1, topic_configs={"message.timestamp.after.max.ms": FOREVER_MS})
        ]
        if topics.REJECTED.name not in existing:
            wanted.append(NewTopic(topics.REJECTED.name, 1, 1))
        admin.create_topics(wanted)
    finally:
        admin.close()
    return Topic(kafka, name)


@pytest.fixture(scope="module")
def judged(database: Market, topic: Topic, spark_session: SparkSession) -> Judged:
    """Send every record, apply them in one batch, and read what became of each."""
    offsets = send(topic, CASES)
    offsets[NOTHING.name] = send_nothing(topic, spark_session)
    address = database.address("stream_writer")
    connection = InstanceConnection(
        lambda: stream_postgres.connect(address, "test"), advisory_locks.LOCK_STREAM
    )
    rejected = RejectedTopic(topic.cluster, topic.name)
    sink = Sink(
        connection=connection,
        writer=Writer(address, topic.cluster, rejected.publish, 5000),
        work=Work(topic.name, topic_id=topic.topic_id()),
        stopping=Event(),
        on_retry=lambda fault: pytest.fail(f"retried: {fault}"),
        log=logging.getLogger("sink"),
    )
    try:
        ranges = topic.ranges()
        frame = runtime.read_batch(spark_session, topic.cluster, topic.name, ranges)
        applied = sink.apply(frame, ranges)
    finally:
        connection.close()
        rejected.close()
    return Judged(
        applied=applied,
        offsets=offsets,
        stored={
            row[0]: Stored(*row[1:])
            for row in database.rows(
                "select kafka_offset, symbol, bar_time, open::text, volume::text, basis "
                "from market.events_stream"
            )
        },
        rejected={
            row[0]: row[1:]
            for row in database.rows(
                "select kafka_offset, key, value, reason from market.rejected_events "
                "where topic = %s and kafka_partition = 0",
                (topic.name,),
            )
        },
        published={
            int(headers["__dlq.errors.offset"]): (
                item.key,
                item.value,
                headers["__dlq.errors.reason"].decode(),
            )
            for item in rejected_records(topic)
            if (headers := dict(item.headers))
        },
        ledger=database.rows(
            "select partition, first_offset, next_offset, stored, superseded, rejected, lost "
            "from market.sink_offsets"
        ),
    )


@EVERY_CASE
def test_a_record_has_its_fate_and_a_refused_one_keeps_its_bytes(
    case: Case, judged: Judged
) -> None:
    offset = judged.offsets[case.name]
    fate: Any = judged.stored.get(offset, SUPERSEDED)
    if offset in judged.rejected:
        key, value, fate = judged.rejected[offset]
        assert (key, value) == (case.key, case.value)
        assert judged.published[offset] == judged.rejected[offset]
        assert offset not in judged.stored
    assert fate == case.fate


def test_a_record_with_neither_key_nor_value_is_refused_like_any_other(judged: Judged) -> None:
    offset = judged.offsets[NOTHING.name]
    assert judged.rejected[offset] == (None, None, "null_value")
    # The client cannot send nothing; an empty value stands for it.
    assert judged.published[offset] == (None, b"", "null_value")


def test_every_record_is_counted_once(judged: Judged) -> None:
    fates = [case.fate for case in [*CASES, NOTHING]]
    stored = sum(isinstance(fate, Stored) for fate in fates)
    superseded = fates.count(SUPERSEDED)
    refused = len(fates) - stored - superseded

    applied = judged.applied
    counted = (applied.stored, applied.superseded, applied.rejected, applied.lost)
    assert counted == (stored, superseded, refused, 0)
    assert judged.ledger == [(0, 0, len(fates), stored, superseded, refused, 0)]
    assert len(judged.published) == len(judged.rejected) == refused


REJECTED = "select kafka_offset, key, value, reason from market.rejected_events order by 1"
LEDGER = "select next_offset, stored, superseded, rejected, lost from market.sink_offsets"


def test_a_record_that_only_the_database_refuses_is_found_among_the_others(
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
    caplog: pytest.LogCaptureFixture,
) -> None:
    # 37: the rules let it through, the table does not.
    market.run("alter table market.events_stream add check (volume <> 777)")
    poison = record(bar({"volume": "777"}))
    good = [record(bar(symbol=f"S{number:02}")) for number in range(9)]
    topic = make_topic(1)
    topic.send(*good[:4], poison, *good[4:])

    with caplog.at_level(logging.WARNING, "sink"):
        applied = make_sink(topic).apply()

    assert (applied.stored, applied.rejected) == (9, 1)
    warned = [entry.getMessage() for entry in caplog.records if entry.name == "sink"]
    assert warned == ["AAPL: 1 records refused (database_23514)"]
    assert market.rows(REJECTED) == [(4, *poison, "database_23514")]
    assert market.rows(LEDGER) == [(10, 9, 0, 1, 0)]


def test_nothing_moves_while_the_rejected_topic_is_unavailable(
    market: Market, make_topic: Callable[[int], Topic], make_sink: Callable[..., SinkBench]
) -> None:
    # Neither the good bar nor the offset may be kept before the bad record is.
    topic = make_topic(1)
    topic.send(record(bar()), (b"?", b"no bar"))
    bench = make_sink(topic)
    stopping, faults = Event(), list[str]()

    def stop_at_the_second(fault: str) -> None:
        faults.append(fault)
        if len(faults) == 2:
            stopping.set()

    nowhere = replace(bench.sink.writer, cluster=KafkaCluster((f"127.0.0.1:{free_ports(1)[0]}",)))
    waiting = replace(bench.sink, writer=nowhere, stopping=stopping, on_retry=stop_at_the_second)
    ranges = topic.ranges()
    frame = runtime.read_batch(bench.session, topic.cluster, topic.name, ranges)

    with pytest.raises(StoppedError):
        waiting.apply(frame, ranges)

    assert faults == ["BrokerError"] * 2
    assert market.rows(LEDGER) == market.rows(REJECTED) == []
    assert market.rows("select * from market.events_stream") == []

    applied = bench.apply()
    assert (applied.stored, applied.rejected) == (1, 1)
    assert market.rows(LEDGER) == [(2, 1, 0, 1, 0)]
    assert [item.value for item in rejected_records(topic)] == [b"no bar"]


def test_a_corrected_record_is_stored_once_however_often_it_is_sent_again(
    market: Market, make_topic: Callable[[int], Topic], make_sink: Callable[..., SinkBench]
) -> None:
    # 40: the refused record stays on record, its correction is a record like any other.
    topic = make_topic(1)
    refused = record(bar({"open": "1,234.5"}))
    topic.send(refused)
    bench = make_sink(topic)
    bench.apply()

    topic.send(record(bar()), record(bar()))
    applied = bench.apply()
    topic.send(record(bar()))
    again = bench.apply()

    assert (applied.stored, applied.superseded, applied.rejected) == (1, 1, 0)
    assert (again.stored, again.superseded, again.rejected) == (0, 1, 0)
    assert market.rows(REJECTED) == [(0, *refused, "bad_price")]
    assert market.rows("select symbol, open, revision, kafka_offset from market.events_stream") == [
        ("AAPL", Decimal("269.800000"), 1, 2)
    ]
    assert market.rows(LEDGER) == [(4, 1, 2, 1, 0)]
