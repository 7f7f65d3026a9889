"""What each executor does with its part of a large batch: one Kafka partition, one transaction.

In come the Arrow batches of a Spark task, out goes one row that says what became of them. An
error of the surroundings is reported rather than raised, so that the driver can tell a full disk
from a wrong row, and Spark does not repeat what the driver will.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import chain

import pyarrow as pa

from services.common import fail_points
from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.diagnosis import KafkaSetupError
from services.stream.broker import BrokerError
from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.decoding.arrow_fields import FallbackError
from services.stream.settings import PostgresAddress
from services.stream.sink.offset_ledger import Move, OffsetRange, Tally
from services.stream.sink.rejected_topic import RejectedTopic
from services.stream.sink.session_cache import cached_session
from services.stream.sink.transaction import Done, Work, apply
from services.stream.sqlstate import DatabaseError

REPORT_SCHEMA = (
    "partition int, good bigint, bad bigint, added bigint, changed bigint, oldest_ms bigint, "
    "start bigint, until bigint, fault string, sqlstate string, message string"
)
"""`Report` in Spark's words."""

_ARROW = {"int": pa.int32(), "bigint": pa.int64(), "string": pa.string()}
_REPORT = pa.schema(
    [(name, _ARROW[kind]) for name, kind in (item.split() for item in REPORT_SCHEMA.split(", "))]
)


FALLBACK = "doubt"
"""The fault of a partition that must take the fallback path."""


@dataclass(frozen=True)
class Report:
    """What became of one partition: its tally and its ledger's move, or the error met."""

    partition: int | None = None
    good: int | None = None
    bad: int | None = None
    added: int | None = None
    changed: int | None = None
    oldest_ms: int | None = None
    start: int | None = None
    until: int | None = None
    fault: str | None = None
    sqlstate: str | None = None
    message: str | None = None

    @classmethod
    def of(cls, done: Done, partition: int) -> Report:
        """Return the report of a partition that was applied."""
        tally = done.tallies.get(partition, Tally())
        [move] = done.moves or [None]
        span = (move.start, move.until) if move else (None, None)
        return cls(partition, **asdict(tally), start=span[0], until=span[1])

    def done(self) -> Done:
        """Return what the report of an applied partition says."""
        if self.partition is None:
            return Done()
        tally = Tally(
            self.good or 0, self.bad or 0, self.oldest_ms, self.added or 0, self.changed or 0
        )
        if self.start is None or self.until is None:
            return Done({self.partition: tally})
        move = Move.of(self.partition, OffsetRange(self.start, self.until), tally)
        return Done({self.partition: tally}, (move,))

    def error(self) -> DatabaseError | BrokerError:
        """Return the error of a partition that was not applied."""
        message = self.message or "no message"
        return (
            BrokerError(message)
            if self.fault == "broker"
            else DatabaseError(message, self.sqlstate)
        )


def executor_apply(
    address: PostgresAddress,
    cluster: KafkaCluster,
    work: Work,
    ranges: Mapping[int, OffsetRange],
    decoding: bool,
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function that each Spark task runs over its Kafka partition: over its outcomes,
    or with `decoding` over its records."""
    fail_at = fail_points.armed()

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        fail_points.arm(fail_at)
        full = (batch for batch in batches if len(batch))
        first = next(full, None)
        if first is not None:
            partition = first.column("partition")[0].as_py()
            if partition not in ranges:
                return
            whole = chain([first], full)
            report = _apply(partition, map(fast_outcomes, whole) if decoding else whole)
            yield pa.RecordBatch.from_pylist([asdict(report)], schema=_REPORT)

    def _apply(partition: int, batches: Iterable[pa.RecordBatch]) -> Report:
        try:
            with (
                cached_session(address, "tapeline executor") as session,
                closing(RejectedTopic(cluster, work.topic)) as rejected,
            ):
                mine = {partition: ranges[partition]}
                return Report.of(apply(session, work, rejected.publish, mine, batches), partition)
        except DatabaseError as error:
            return Report(fault="database", sqlstate=error.sqlstate, message=str(error))
        # The driver finds out by itself whether its own way to Kafka is wrong, too.
        except (BrokerError, KafkaSetupError) as error:
            return Report(fault="broker", message=str(error))
        except FallbackError:
            return Report(partition, fault=FALLBACK)

    return run
