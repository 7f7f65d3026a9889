"""What the stream asks of Kafka besides the bars: facts of a topic, records of a range, a producer.

The only module that imports kafka-python; the bars themselves are read by Spark.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple, TypeAlias

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import (
    AuthorizationError,
    ClusterAuthorizationFailedError,
    KafkaError,
    OffsetOutOfRangeError,
    TopicAuthorizationFailedError,
)

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.diagnosis import require_sound
from services.stream.sink.offset_ledger import OffsetRange

CHUNK_RECORDS = 500
READ, WRITE, DESCRIBE = "Read", "Write", "Describe"  # rights on a topic, as ACLs call them
_BOOTSTRAP_MS = 5_000  # short, so that a stop need not wait for a broker that is away

Producer: TypeAlias = KafkaProducer


class BrokerError(Exception):
    """Kafka is away or cannot do what was asked; worth another try. One line."""


class RightMissingError(BrokerError):
    """The brokers do not let this user do it; waited for, since a right can be given. One line."""


class RecordsRemovedError(BrokerError):
    """Kafka does not hold all of the records that were asked for. One line."""


@dataclass(frozen=True)
class TopicFacts:
    """A topic's identity, which changes if it is recreated, and the offsets it still has."""

    topic_id: str
    offsets: Mapping[int, OffsetRange]


@dataclass(frozen=True)
class Record:
    """A record as Kafka holds it."""

    offset: int
    key: bytes | None
    value: bytes | None


class KafkaRecord(NamedTuple):
    """A record with its origin."""

    partition: int
    offset: int
    kafka_timestamp: datetime
    key: bytes | None
    value: bytes | None


@contextmanager
def translated(cluster: KafkaCluster, right: str = READ) -> Iterator[None]:
    """Turn an error of kafka-python into a BrokerError, or into a KafkaSetupError where waiting
    helps nobody; `right` is what is needed on the topic."""
    try:
        yield
    except OffsetOutOfRangeError as error:
        [(place, offset)] = error.args[0].items()
        raise RecordsRemovedError(
            f"Kafka at {cluster}: partition {place.partition} of {place.topic} does not hold "
            f"offset {offset}"
        ) from error
    except AuthorizationError as error:
        raise RightMissingError(_lacking(cluster, right, error)) from error
    except (KafkaError, OSError) as error:
        require_sound(cluster)
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BrokerError(f"Kafka at {cluster}: {reason}") from error


def _lacking(cluster: KafkaCluster, right: str, error: AuthorizationError) -> str:
    if isinstance(error, ClusterAuthorizationFailedError):
        return cluster.lacking("IdempotentWrite", "the cluster")
    told = error.args[0] if error.args else ""
    named = {told} if isinstance(told, str) else {*told}
    what = "topic" if isinstance(error, TopicAuthorizationFailedError) else "resource"
    return cluster.lacking(right, f"the {what} {', '.join(sorted(named))}")


def topic_facts(cluster: KafkaCluster, topic: str) -> TopicFacts | None:
    """Return the facts of `topic`, or None if it does not exist. Raises BrokerError."""
    with translated(cluster, DESCRIBE):
        with closing(_admin(cluster)) as admin:
            [description] = admin.describe_topics([topic])
        if description["error_code"] == TopicAuthorizationFailedError.errno:
            raise TopicAuthorizationFailedError(topic)
        if description["error_code"] != 0:
            return None
        return TopicFacts(str(description["topic_id"]), _offsets(cluster, topic))


def offsets_at(cluster: KafkaCluster, topic: str, instant: datetime) -> dict[int, int]:
    """Return, per partition, the first offset whose record is of `instant` or later.

    A partition without such a record has its end offset. Raises BrokerError.
    """
    with translated(cluster), closing(_consumer(cluster)) as consumer:
        partitions = _partitions(consumer, topic)
        ends = consumer.end_offsets(partitions)
        epoch_ms = int(instant.timestamp() * 1000)
        found = consumer.offsets_for_times(dict.fromkeys(partitions, epoch_ms))
        return {
            item.partition: ends[item] if found[item] is None else found[item].offset
            for item in partitions
        }


def read_records(
    cluster: KafkaCluster, topic: str, partition: int, offsets: OffsetRange
) -> Iterator[Record]:
    """Yield the records of [start, until) of one partition, in order.

    Raises RecordsRemovedError where Kafka does not hold all of the range, and BrokerError.
    """
    if offsets.start >= offsets.until:
        return
    place = TopicPartition(topic, partition)
    with translated(cluster), closing(_consumer(cluster)) as consumer:
        consumer.assign([place])
        consumer.seek(place, offsets.start)
        while (reached := consumer.position(place)) < offsets.until:
            found = consumer.poll(timeout_ms=1000, max_records=5000).get(place, ())
            if not found and consumer.position(place) == reached:
                # Nothing came: an answer tells a slow broker from one that is away.
                _require_end(consumer, place, offsets.until)
            for record in found:
                if record.offset < offsets.until:
                    yield Record(record.offset, record.key, record.value)


@dataclass(frozen=True)
class Batch:
    """Offsets that were read, and the records that they hold, in order."""

    ranges: Mapping[int, OffsetRange]
    records: tuple[KafkaRecord, ...] = ()


class TopicReader:
    """Reads a topic's records as they come, from the offsets `starts` on. Every method raises
    BrokerError: RecordsRemovedError where Kafka does not hold what comes next."""

    def __init__(self, cluster: KafkaCluster, topic: str, starts: Mapping[int, int]) -> None:
        self._cluster = cluster
        with translated(cluster):
            self._consumer = _consumer(cluster)
            self._places = [TopicPartition(topic, number) for number in sorted(starts)]
            self._consumer.assign(self._places)
            for place in self._places:
                self._consumer.seek(place, starts[place.partition])

    def read(self, seconds: float) -> Batch:
        """Return what comes next, after waiting for it no longer than this."""
        with translated(self._cluster):
            starts = {place: self._consumer.position(place) for place in self._places}
            found = self._consumer.poll(int(seconds * 1000), max_records=CHUNK_RECORDS)
            ranges = {
                place.partition: OffsetRange(start, until)
                for place, start in starts.items()
                if (until := self._consumer.position(place)) > start
            }
        records = tuple(
            KafkaRecord(
                place.partition,
                record.offset,
                datetime.fromtimestamp(record.timestamp / 1000, UTC),
                record.key,
                record.value,
            )
            for place in self._places
            for record in found.get(place, ())
        )
        return Batch(ranges, records)

    def close(self) -> None:
        """Let go of the connection."""
        with translated(self._cluster):
            self._consumer.close()


def _require_end(consumer: KafkaConsumer, place: TopicPartition, until: int) -> None:
    end = consumer.end_offsets([place])[place]
    if end < until:
        raise RecordsRemovedError(
            f"partition {place.partition} of {place.topic} ends at offset {end}, before {until}: "
            "Kafka lost its newest records, or the topic was recreated"
        )


def _offsets(cluster: KafkaCluster, topic: str) -> dict[int, OffsetRange]:
    with closing(_consumer(cluster)) as consumer:
        partitions = _partitions(consumer, topic)
        starts = consumer.beginning_offsets(partitions)
        ends = consumer.end_offsets(partitions)
    return {item.partition: OffsetRange(starts[item], ends[item]) for item in partitions}


def _admin(cluster: KafkaCluster) -> KafkaAdminClient:
    return KafkaAdminClient(**cluster.python_options(), bootstrap_timeout_ms=_BOOTSTRAP_MS)


def _consumer(cluster: KafkaCluster) -> KafkaConsumer:
    return KafkaConsumer(
        **cluster.python_options(),
        bootstrap_timeout_ms=_BOOTSTRAP_MS,
        enable_auto_commit=False,
        # Else it would pass in silence over what retention removes while it reads.
        auto_offset_reset="none",
    )


def producer(cluster: KafkaCluster) -> Producer:
    """Return a producer that gives up in seconds; a record is acknowledged by all replicas."""
    return KafkaProducer(
        **cluster.python_options(),
        acks="all",
        enable_idempotence=True,
        max_request_size=2 * 1024**2,
        bootstrap_timeout_ms=_BOOTSTRAP_MS,
        max_block_ms=5_000,
        delivery_timeout_ms=10_000,
        request_timeout_ms=5_000,
    )


def _partitions(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    numbers = consumer.partitions_for_topic(topic) or set()
    return [TopicPartition(topic, number) for number in sorted(numbers)]
