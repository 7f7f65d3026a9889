"""The dead-letter topic: refused records go in, with their bytes and where they came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from services.common import topics
from services.common.kafka_cluster.cluster import KafkaCluster
from services.stream.broker import (
    CHUNK_RECORDS,
    WRITE,
    Producer,
    RightMissingError,
    producer,
    translated,
)
from services.stream.records import RejectedRecord

_ACK_SECONDS = 15


class RejectedTopic:
    """A topic of refused records. Connects at the first record it is given."""

    def __init__(
        self,
        cluster: KafkaCluster,
        source: str,
        target: topics.Topic = topics.REJECTED,
    ) -> None:
        self._cluster = cluster
        self._source = source
        self._target = target.name
        self._producer: Producer | None = None

    def publish(self, records: Iterable[RejectedRecord]) -> None:
        """Send the records, bytes untouched, and return when all are acknowledged.

        Raises BrokerError; then some may be there, and a second try sends them again.
        """
        try:
            self._publish(iter(records))
        except RightMissingError:
            self.close()  # this client fails all that follows, also when the right was given
            raise

    def _publish(self, remaining: Iterator[RejectedRecord]) -> None:
        with translated(self._cluster, WRITE):
            while chunk := list(islice(remaining, CHUNK_RECORDS)):
                connected = self._connected()
                sent = [self._send(connected, record) for record in chunk]
                connected.flush()
                for future in sent:
                    future.get(timeout=_ACK_SECONDS)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._producer is not None:
            self._producer.close(timeout=5)
            self._producer = None

    def _connected(self) -> Producer:
        if self._producer is None:
            self._producer = producer(self._cluster)
        return self._producer

    def _send(self, connected: Producer, record: RejectedRecord) -> Any:
        origin = {
            "topic": self._source,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "reason": record.reason,
        }
        value = record.value
        if record.key is None and value is None:
            # kafka-python sends no record without both; the header tells it from an empty one.
            value, origin["null_value"] = b"", "true"
        return connected.send(
            self._target,
            key=record.key,
            value=value,
            headers=[(f"__dlq.errors.{name}", text.encode()) for name, text in origin.items()],
            timestamp_ms=int(record.kafka_timestamp.timestamp() * 1000),
        )
