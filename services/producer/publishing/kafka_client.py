"""Makes the Kafka client that writes: idempotent, acknowledged by all, bounded in every wait."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from kafka import KafkaProducer
from kafka.errors import (
    IllegalStateError,
    InvalidRecordError,
    InvalidTimestampError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
from kafka.producer.future import FutureProduceResult
from kafka.producer.producer_batch import ProducerBatch
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka.structs import TopicPartition

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.diagnosis import require_sound

ClientError = KafkaError
"""What a client raises, and what its futures fail with."""
REFUSALS: Final = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)
"""Errors of a record that no other try would change."""
CLOCK_ERROR: Final = InvalidTimestampError.__name__
"""The error where this host's clock is too far ahead of the broker's."""

BATCH_BYTES: Final = 128 * 1024
"""What a batch of records may weigh."""
KeyValue = tuple[bytes, bytes]
"""A record: its key and its value."""
_BOOTSTRAP_MS: Final = 5_000
_LARGE_BYTES: Final = BATCH_BYTES // 2
"""A record of more than that is sent by itself, for the client may refuse it."""
_MESSAGE_FORMAT: Final = 2
_CLOSE_SECONDS: Final = 2.0


class Client(Protocol):
    """The part of KafkaProducer that is used."""

    def partitions_for(self, topic: str) -> Any:
        """Return the topic's partitions, or raise KafkaTimeoutError if there are none."""

    def send_all(self, topic: str, records: Sequence[KeyValue], together: bool) -> list[Any]:
        """Return for each record its future, or the error (of REFUSALS) by which the client
        refuses it. `together`: records may share a future, and then all that do are refused by a
        broker that refuses one, or refuses as many at once."""

    def close(self, timeout: float) -> None:
        """Send what is buffered and stop."""

    def abort(self) -> None:
        """Fail what has no answer yet, so that `close` has nothing to wait for."""


class _SharedFuture(FutureProduceResult):  # type: ignore[misc]
    """The future of all records of a batch."""

    __slots__ = ()
    get = FutureProduceResult.wait


class _Batch(ProducerBatch):  # type: ignore[misc]
    """A batch of which every record has the same future: one of its own costs as much as the
    record."""

    def __init__(self, place: TopicPartition, records: MemoryRecordsBuilder, now: float) -> None:
        super().__init__(place, records, now)
        self.produce_future, self.max_record_size = _SharedFuture(place), 0

    def try_append(
        self, timestamp_ms: int, key: bytes, value: bytes, headers: Sequence[Any], now: float
    ) -> _SharedFuture | None:
        appended = self.records.append(timestamp_ms, key, value, headers)
        if appended is None:
            return None
        self.max_record_size = max(self.max_record_size, appended.size)
        self.last_append = now
        return self.produce_future

    def _complete_future(
        self,
        base_offset: int,
        timestamp_ms: int,
        record_exceptions_fn: Callable[[int], Exception] | None,
    ) -> None:
        """The library ends a batch's future in success also where the batch has failed: the future
        of each record asks for its own error."""
        if record_exceptions_fn is None:
            super()._complete_future(base_offset, timestamp_ms, None)
            return
        errors = [record_exceptions_fn(place) for place in range(self.record_count)]
        refusals = [error for error in errors if isinstance(error, REFUSALS)]
        self.produce_future.failure([*refusals, *errors][0])

    @property
    def _record_futures(self) -> list[Any]:
        """The library looks for them when it splits a batch that is too large for the broker."""
        if not self.produce_future.is_done:
            self.produce_future.failure(RecordListTooLargeError("a batch as a whole"))
        return []

    @_record_futures.setter
    def _record_futures(self, futures: list[Any]) -> None:
        """There are none."""


class _Producer(KafkaProducer):  # type: ignore[misc]
    """The library's client with a way to give up, for its own close waits for the broker first,
    and with a way to send many records: by its `send` each costs more than all else about it."""

    def abort(self) -> None:
        self._sender.force_close()

    def send_all(self, topic: str, records: Sequence[KeyValue], together: bool) -> list[Any]:
        """Append records to the batches of their partitions, a partition at once.

        Raises KafkaError if the topic is not there, and ValueError if it lost its partitions.
        """
        self.partitions_for(topic)
        partitions: dict[bytes, int] = {}
        places = defaultdict[int, list[int]](list)
        futures: list[Any] = [None] * len(records)
        for place, (key, value) in enumerate(records):
            if len(key) + len(value) > _LARGE_BYTES:
                futures[place] = self._send_large(topic, key, value)
                continue
            if key not in partitions:
                partitions[key] = self._partition_of(topic, key)
            places[partitions[key]].append(place)
        batch_type = _Batch if together else ProducerBatch
        for partition, of_partition in places.items():
            appended = self._append(
                TopicPartition(topic, partition),
                [records[place] for place in of_partition],
                batch_type,
            )
            for place, future in zip(of_partition, appended, strict=True):
                futures[place] = future
        self._sender.wakeup()
        return futures

    def _partition_of(self, topic: str, key: bytes) -> int:
        partition: int | None = self._partition(topic, None, key, None, key, None)
        if partition is None:
            raise ValueError(f"no partition of {topic}")
        return partition

    def _send_large(self, topic: str, key: bytes, value: bytes) -> Any:
        try:
            return self.send(topic, value=value, key=key)
        except REFUSALS as error:
            return error

    def _append(
        self, place: TopicPartition, records: Sequence[KeyValue], batch_type: type[ProducerBatch]
    ) -> list[Any]:
        accumulator, now = self._accumulator, time.monotonic()
        sent_ms = int(time.time() * 1_000)
        futures = []
        # Counted and locked as in RecordAccumulator.append, so that a close sees every batch.
        accumulator._appends_in_progress.increment()
        try:
            with accumulator._tp_lock(place):
                if accumulator._closed:
                    raise IllegalStateError("the client is closed")
                batch = None
                for key, value in records:
                    future = batch and batch.try_append(sent_ms, key, value, (), now)
                    if not future:
                        builder = MemoryRecordsBuilder(_MESSAGE_FORMAT, 0, BATCH_BYTES)
                        batch = batch_type(place, builder, now)
                        future = batch.try_append(sent_ms, key, value, (), now)
                        accumulator._batches[place].append(batch)
                        accumulator._incomplete.add(batch)
                    futures.append(future)
        finally:
            accumulator._appends_in_progress.decrement()
        return futures


def connect(cluster: KafkaCluster, delivery_seconds: int) -> Client:
    """Return a KafkaProducer whose records fail when they are not acknowledged within so many
    seconds. Raises KafkaError if no broker answers within 5 s, and KafkaSetupError if one answers
    but not to these settings."""
    try:
        return _producer(cluster, delivery_seconds)
    except KafkaError:
        require_sound(cluster)
        raise


def _producer(cluster: KafkaCluster, delivery_seconds: int) -> Client:
    client: Client = _Producer(
        **cluster.python_options(),
        client_id="tapeline-producer",
        # Said explicitly: a conflicting setting then raises instead of turning it off.
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        batch_size=BATCH_BYTES,
        delivery_timeout_ms=delivery_seconds * 1_000,
        # Time for more than one try.
        request_timeout_ms=min(30_000, delivery_seconds * 500),
        max_block_ms=_BOOTSTRAP_MS,
        bootstrap_timeout_ms=_BOOTSTRAP_MS,
        reconnect_backoff_max_ms=2_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    return client


def error_of(future: Any) -> Exception | None:
    """Return the error that a future failed with, if it did; of what is no future too."""
    error: Exception | None = getattr(future, "exception", None)
    return error


def refused_by_broker(future: Any) -> bool:
    """Return whether the refusal came as an answer, and not from the client before it sent."""
    return isinstance(error_of(future), REFUSALS)


def denied_topics(error: object) -> frozenset[str]:
    """Return the topics to which an error says that the user may not write."""
    if not isinstance(error, TopicAuthorizationFailedError) or not error.args:
        return frozenset()
    told = error.args[0]
    return frozenset({told} if isinstance(told, str) else told)


def close_client(client: Client) -> None:
    """Close a client for good; it need not have delivered all that it was given."""
    # Raised if a record is still without an answer, which is then sent again.
    with suppress(KafkaTimeoutError):
        client.close(timeout=_CLOSE_SECONDS)
