"""Sends every record of the bad input to a topic, and keeps what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kafka import KafkaProducer
from pyspark.sql import SparkSession

from services.stream.sink.batch import Applied
from tests.contract.decoding.bad_input import bad_input
from tests.contract.decoding.odd_input import odd_input
from tests.contract.decoding.records import Case, Stored
from tests.fixtures.market import Topic

CASES = [*bad_input(), *odd_input()]


NOTHING = Case("12 neither key nor value", None, None, "null_value")


FOREVER_MS = str(2**62)


@dataclass(frozen=True)
class Judged:
    """What one batch of all the records left behind, by offset."""

    applied: Applied
    offsets: dict[str, int]
    stored: dict[int, Stored]
    rejected: dict[int, tuple[bytes | None, bytes | None, str]]
    published: dict[int, tuple[bytes | None, bytes | None, str]]
    ledger: list[tuple[Any, ...]]


def send(topic: Topic, records: list[Case]) -> dict[str, int]:
    """Send the records in order; return the offset of each by its name."""
    producer = KafkaProducer(bootstrap_servers=topic.bootstrap, acks="all")
    try:
        sent = [
            producer.send(
                topic.name, key=case.key, value=case.value, timestamp_ms=case.timestamp_ms
            )
            for case in records
        ]
        producer.flush()
        return {
            case.name: future.get(timeout=30).offset
            for case, future in zip(records, sent, strict=True)
        }
    finally:
        producer.close()


def send_nothing(topic: Topic, session: SparkSession) -> int:
    """Send a record with neither key nor value, as Java's client can; return its offset."""
    before = topic.ranges()[0].until
    frame = session.createDataFrame([(None, None)], "key binary, value binary")
    options = {"kafka.bootstrap.servers": topic.bootstrap, "topic": topic.name}
    frame.write.format("kafka").options(**options).save()
    return before
