"""A real broker that is there and does not answer: no record counts as acknowledged."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from scripts.installation.java import Java
from scripts.launcher.paths import KAFKA_JARS
from scripts.local_stack.servers import kafka_broker, kafka_client, processes
from scripts.local_stack.servers.ports import free_ports
from services.common.kafka_cluster.cluster import KafkaCluster
from services.producer.publishing.delivery import Delivery, Record
from services.producer.publishing.kafka_client import connect
from services.producer.publishing.kafka_writer import KafkaWriter
from services.producer.series import Series
from services.stream.broker import read_records
from tests.fixtures.market import Topic

SECONDS = 120
TOPIC = "bars-of-a-slow-broker"
RECORDS = [
    Record(
        Series(symbol, "5min"), f"t{number}", b"f", symbol.encode(), f"{symbol} {number}".encode()
    )
    for symbol in ("AAPL", "MSFT", "FX:EUR/USD")
    for number in range(20)
]


@pytest.fixture
def broker(java: Java, tmp_path: Path) -> Iterator[tuple[str, processes.Child]]:
    """Run a broker of one's own, with the topic; return its address and its process."""
    made = kafka_broker.Broker(
        java.program, KAFKA_JARS, tmp_path / "kafka", tmp_path / "logs", *free_ports(2)
    )
    child = kafka_broker.start(made)
    try:
        processes.wait_until(lambda: kafka_client.is_listening(made.bootstrap), child, SECONDS)
        admin = KafkaAdminClient(bootstrap_servers=made.bootstrap)
        admin.create_topics([NewTopic(TOPIC, 2, 1)])
        admin.close()
        yield made.bootstrap, child
    finally:
        child.process.send_signal(signal.SIGCONT)
        processes.stop([child], SECONDS)


def test_what_a_broker_did_not_answer_in_time_is_sent_again(
    broker: tuple[str, processes.Child],
) -> None:
    address, child = broker
    cluster = KafkaCluster((address,))
    writer = KafkaWriter(
        TOPIC,
        cluster,
        partial(connect, cluster, 2),
        logging.getLogger("away"),
        overdue_seconds=60.0,
    )
    first, rest = RECORDS[:1], RECORDS[1:]
    # The client knows the topic by now, and the broker answers no more.
    assert deliver_all(writer, first) == [Delivery.ACKNOWLEDGED]
    child.process.send_signal(signal.SIGSTOP)
    unanswered = writer.deliver(rest, threading.Event())
    child.process.send_signal(signal.SIGCONT)
    again = deliver_all(writer, rest)
    writer.close()

    assert set(unanswered) == {Delivery.FAILED}
    assert set(again) == {Delivery.ACKNOWLEDGED}
    assert written(address) == {record.value for record in RECORDS}


def deliver_all(writer: KafkaWriter, records: list[Record]) -> list[Delivery]:
    """Deliver until no record has failed, as the delivery thread does."""
    while Delivery.FAILED in (ends := writer.deliver(records, threading.Event())):
        pass
    return ends


def written(address: str) -> set[bytes]:
    cluster = KafkaCluster((address,))
    return {
        record.value or b""
        for partition, offsets in Topic(address, TOPIC).ranges().items()
        for record in read_records(cluster, TOPIC, partition, offsets)
    }
