"""A real broker refuses a record: that one is told and left out, and all others are written."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from kafka.errors import MessageSizeTooLargeError

from services.common.kafka_cluster.cluster import KafkaCluster
from services.producer.publishing.delivery import Delivery, Record
from services.producer.publishing.kafka_client import Client, connect
from services.producer.publishing.kafka_writer import KafkaWriter
from services.producer.series import Series
from services.stream.broker import read_records
from tests.fixtures.market import Topic

LOG = logging.getLogger("test-kafka-refusals")
LIMIT_BYTES = 2_000
PARTITIONS = 2
SYMBOLS = [b"AAPL", b"MSFT", b"TSCO.LON", b"FX:EUR/USD", b"A"]


def record(number: int, size: int = 300) -> Record:
    symbol = f"S{number}"
    value = f"{number:06}".encode().ljust(size, b"v")
    return Record(Series(symbol, "5min"), f"t{number}", b"f", symbol.encode(), value)


@pytest.fixture
def topic(kafka: str) -> str:
    """Return a topic that takes no record of more than LIMIT_BYTES."""
    name = f"refusing-{secrets.token_hex(4)}"
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        config = {"max.message.bytes": str(LIMIT_BYTES)}
        admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=config)])
    finally:
        admin.close()
    return name


def writer(kafka: str, topic: str, connector: Callable[[], Client] | None = None) -> KafkaWriter:
    made = connector or partial(connect, KafkaCluster((kafka,)), 30)
    return KafkaWriter(topic, KafkaCluster((kafka,)), made, LOG, overdue_seconds=60.0)


def written(kafka: str, topic: str) -> list[bytes]:
    """Return the values in the topic, sorted, each once however often it was sent."""
    return sorted(
        {
            record.value or b""
            for partition, offsets in Topic(kafka, topic).ranges().items()
            for record in read_records(KafkaCluster((kafka,)), topic, partition, offsets)
        }
    )


def deliver_all(writing: KafkaWriter, records: list[Record]) -> dict[str, Delivery]:
    """Deliver as the courier does: what failed is sent again."""
    ends: dict[str, Delivery] = {}
    left = records
    until = time.monotonic() + 60
    while left and time.monotonic() < until:
        deliveries = writing.deliver(left, threading.Event())
        ends |= {each.exchange_time: end for each, end in zip(left, deliveries, strict=True)}
        left = [each for each in left if ends[each.exchange_time] is Delivery.FAILED]
    writing.close()
    return ends


def test_records_that_the_broker_refuses_do_not_take_others_with_them(
    kafka: str, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    large = {7, 30}
    records = [record(number, 5_000 if number in large else 300) for number in range(40)]

    ends = deliver_all(writer(kafka, topic), records)

    refused = {time for time, end in ends.items() if end is Delivery.REFUSED}
    assert refused == {f"t{number}" for number in large}
    assert written(kafka, topic) == [
        each.value for each in records if each.exchange_time not in refused
    ]
    told = [line for line in caplog.messages if "max.message.bytes" in line]
    assert [line.partition(" bytes ")[0] for line in told] == [
        f"Kafka at {kafka} refuses a record of {size}" for size in (5_002, 5_003)
    ]
    assert {line.partition("max.message.bytes ")[2] for line in told} == {
        f"of the topic {topic} to 1048576"
    }


def test_small_records_go_through_although_a_batch_of_them_is_too_large(
    kafka: str, topic: str
) -> None:
    records = [record(number) for number in range(200)]

    ends = deliver_all(writer(kafka, topic), records)

    assert set(ends.values()) == {Delivery.ACKNOWLEDGED}
    assert written(kafka, topic) == [each.value for each in records]


def test_bars_of_a_symbol_stand_in_order_where_any_client_puts_the_symbol(
    kafka: str, topic: str
) -> None:
    values = {symbol: [b"%s %04d" % (symbol, n) for n in range(40)] for symbol in SYMBOLS}
    client: Any = connect(KafkaCluster((kafka,)), 30)
    alone = {symbol: client.send(topic, b"alone", symbol) for symbol in SYMBOLS}
    pairs = [(symbol, values[symbol][n]) for n in range(40) for symbol in SYMBOLS]
    futures = client.send_all(topic, [*pairs, (SYMBOLS[0], b"v" * 2_000_000)], together=False)

    assert isinstance(futures.pop(), MessageSizeTooLargeError)
    found = [future.get(timeout=30) for future in futures]

    places = {symbol: future.get(timeout=30).partition for symbol, future in alone.items()}
    assert [one.partition for one in found] == [places[symbol] for symbol, _ in pairs]
    assert set(places.values()) == set(range(PARTITIONS))
    client.close(timeout=5)
    log: dict[bytes, list[bytes]] = {symbol: [] for symbol in SYMBOLS}
    for partition, offsets in Topic(kafka, topic).ranges().items():
        for one in read_records(KafkaCluster((kafka,)), topic, partition, offsets):
            log[one.key or b""].append(one.value or b"")
    assert log == {symbol: [b"alone", *values[symbol]] for symbol in SYMBOLS}


def test_a_clock_that_is_ahead_is_told_and_nothing_is_left_out(
    kafka: str, topic: str, caplog: pytest.LogCaptureFixture
) -> None:
    ahead_ms = [2 * 3_600_000]

    def wrong_clock() -> Client:
        client: Any = connect(KafkaCluster((kafka,)), 30)
        client.send_all = lambda topic, pairs, _: [
            client.send(topic, value, key, timestamp_ms=int(time.time() * 1_000) + ahead_ms[0])
            for key, value in pairs
        ]
        wrong: Client = client
        return wrong

    records = [record(number) for number in range(5)]
    writing = writer(kafka, topic, wrong_clock)
    for _ in range(2):  # at first all as a whole
        assert set(writing.deliver(records, threading.Event())) == {Delivery.FAILED}

    [told] = [line for line in caplog.messages if "message.timestamp.after.max.ms" in line]
    assert told.startswith(f"Kafka at {kafka} ")
    ahead_ms[0] = 0
    assert set(deliver_all(writing, records).values()) == {Delivery.ACKNOWLEDGED}
    assert written(kafka, topic) == [each.value for each in records]
