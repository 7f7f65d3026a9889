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
from kafka.errors import KafkaError, OffsetOutOfRangeError

from services.stream.sink.offset_ledger import OffsetRange

CHUNK_RECORDS = 500
_BOOTSTRAP_MS = 5_000  # short, so that a stop need not wait for a broker that is away

Producer: TypeAlias = KafkaProducer


class BrokerError(Exception):
    """Kafka is away or cannot do what was asked; worth another try. One line."""


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
def translated(bootstrap: str) -> Iterator[None]:
    """Turn an error of kafka-python into a BrokerError."""
    try:
        yield
    except OffsetOutOfRangeError as error:
        [(place, offset)] = error.args[0].items()
        raise RecordsRemovedError(
            f"Kafka at {bootstrap}: partition {place.partition} of {place.topic} does not hold "
            f"offset {offset}"
        ) from error
    except (KafkaError, OSError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BrokerError(f"Kafka at {bootstrap}: {reason}") from error


def topic_facts(bootstrap: str, topic: str) -> TopicFacts | None:
    """Return the facts of `topic`, or None if it does not exist. Raises BrokerError."""
    with translated(bootstrap):
        with closing(_admin(bootstrap)) as admin:
            [description] = admin.describe_topics([topic])
        if description["error_code"] != 0:
            return None
        return TopicFacts(str(description["topic_id"]), _offsets(bootstrap, topic))


def offsets_at(bootstrap: str, topic: str, instant: datetime) -> dict[int, int]:
    """Return, per partition, the first offset whose record is of `instant` or later.

    A partition without such a record has its end offset. Raises BrokerError.
    """
    with translated(bootstrap), closing(_consumer(bootstrap)) as consumer:
        partitions = _partitions(consumer, topic)
        ends = consumer.end_offsets(partitions)
        epoch_ms = int(instant.timestamp() * 1000)
        found = consumer.offsets_for_times(dict.fromkeys(partitions, epoch_ms))
        return {
            item.partition: ends[item] if found[item] is None else found[item].offset
            for item in partitions
        }


def read_records(
    bootstrap: str, topic: str, partition: int, offsets: OffsetRange
) -> Iterator[Record]:
    """Yield the records of [start, until) of one partition, in order.

    Raises RecordsRemovedError where Kafka does not hold all of the range, and BrokerError.
    """
    if offsets.start >= offsets.until:
        return
    place = TopicPartition(topic, partition)
    with translated(bootstrap), closing(_consumer(bootstrap)) as consumer:
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

    def __init__(self, bootstrap: str, topic: str, starts: Mapping[int, int]) -> None:
        self._bootstrap = bootstrap
        with translated(bootstrap):
            self._consumer = _consumer(bootstrap)
            self._places = [TopicPartition(topic, number) for number in sorted(starts)]
            self._consumer.assign(self._places)
            for place in self._places:
                self._consumer.seek(place, starts[place.partition])

    def read(self, seconds: float) -> Batch:
        """Return what comes next, after waiting for it no longer than this."""
        with translated(self._bootstrap):
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
        with translated(self._bootstrap):
            self._consumer.close()


def _require_end(consumer: KafkaConsumer, place: TopicPartition, until: int) -> None:
    end = consumer.end_offsets([place])[place]
    if end < until:
        raise RecordsRemovedError(
            f"partition {place.partition} of {place.topic} ends at offset {end}, before {until}: "
            "Kafka lost its newest records, or the topic was recreated"
        )


def _offsets(bootstrap: str, topic: str) -> dict[int, OffsetRange]:
    with closing(_consumer(bootstrap)) as consumer:
        partitions = _partitions(consumer, topic)
        starts = consumer.beginning_offsets(partitions)
        ends = consumer.end_offsets(partitions)
    return {item.partition: OffsetRange(starts[item], ends[item]) for item in partitions}


def _admin(bootstrap: str) -> KafkaAdminClient:
    return KafkaAdminClient(bootstrap_servers=bootstrap, bootstrap_timeout_ms=_BOOTSTRAP_MS)


def _consumer(bootstrap: str) -> KafkaConsumer:
    return KafkaConsumer(
        bootstrap_servers=bootstrap,
        bootstrap_timeout_ms=_BOOTSTRAP_MS,
        enable_auto_commit=False,
        # Else it would pass in silence over what retention removes while it reads.
        auto_offset_reset="none",
    )


def producer(bootstrap: str) -> Producer:
    """Return a producer that gives up in seconds; a record is acknowledged by all replicas."""
    return KafkaProducer(
        bootstrap_servers=bootstrap,
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
