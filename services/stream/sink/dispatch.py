"""Brings Kafka's records into PostgreSQL: few through the driver, many through the executors.

A small batch costs one round trip of Spark and one transaction on the driver's connection. Of a
large one, or one with bytes to keep, each executor applies its own Kafka partition, so that the
writer grows with a Spark cluster. Either decodes in Arrow as long as every record is surely good,
and else by Spark's expressions, which know every rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pyarrow as pa
from pyspark.sql import DataFrame

from services.common.kafka_cluster.cluster import KafkaCluster
from services.stream.broker import BrokerError
from services.stream.decoding.arrow_decode import KEY_BYTES, VALUE_BYTES, fast_outcomes
from services.stream.decoding.arrow_fields import FallbackError
from services.stream.decoding.copy_text import outcomes
from services.stream.decoding.spark_decode import decode
from services.stream.settings import PostgresAddress
from services.stream.sink.executor_task import FALLBACK, REPORT_SCHEMA, Report, executor_apply
from services.stream.sink.offset_ledger import OffsetRange, total_records
from services.stream.sink.postgres import Session
from services.stream.sink.staging import GOOD_COLUMNS
from services.stream.sink.transaction import Done, Publish, Work, apply
from services.stream.sqlstate import DatabaseError, Fault

FALLBACK_BATCHES = 10
"""So many batches after one that fell back do so at once: such records seldom come alone."""

_DRIVER_TASKS = 2

Ranges = Mapping[int, OffsetRange]


@dataclass(frozen=True)
class Written:
    """What was done of a batch, and the error that kept the rest of its partitions from it."""

    done: Done
    error: DatabaseError | BrokerError | None = None


def bounded(records: DataFrame) -> DataFrame:
    """Return what `sure_outcomes` needs of Kafka's records."""
    # What is longer than any record of the producer's falls back without a look at it.
    # As text: each column that is built in Python costs a batch several calls into the JVM.
    return records.selectExpr(
        *("partition", "offset", "timestamp"),
        f"if(length(key) <= {KEY_BYTES}, key, null) as key",
        f"if(length(value) <= {VALUE_BYTES}, value, null) as value",
    )


@dataclass
class Writer:
    """Applies records. Executors connect to `address` and `cluster` by themselves; on the driver
    refused records go to `publish`. `long_way_batches` of the next ones are not tried in Arrow."""

    address: PostgresAddress
    cluster: KafkaCluster
    publish: Publish
    driver_rows: int
    long_way_batches: int = 0

    def write(self, session: Session, records: DataFrame, work: Work, ranges: Ranges) -> Written:
        """Apply the Kafka records of `ranges`. Raises OffsetGapError; on the driver's connection
        also DatabaseError and BrokerError, and then nothing is done.
        """
        self.long_way_batches = max(0, self.long_way_batches - 1)
        try:
            written = self._from_driver(session, records, work, ranges)
            written = written or self._from_executors(session, records, work, ranges)
        except DatabaseError as error:
            written = Written(Done(), error)
        if not isinstance(written.error, DatabaseError) or written.error.fault is not Fault.DATA:
            return written
        isolating = replace(work, isolating=True)
        again = self._decoded(session, records, isolating, _without(ranges, written.done))
        return Written(written.done + again.done, again.error)

    def _from_driver(
        self, session: Session, records: DataFrame, work: Work, ranges: Ranges
    ) -> Written | None:
        if total_records(ranges) > self.driver_rows:
            return None
        batches = self._sure(records)
        if batches is None:
            batches = outcomes(decode(records)).select(*GOOD_COLUMNS).toArrow().to_batches()
        if any(batch.column("reason").null_count < len(batch) for batch in batches):
            # Rejected records keep their bytes, which may be large: they never pass the driver.
            return None
        return Written(apply(session, work, self.publish, ranges, batches))

    def _sure(self, records: DataFrame) -> list[pa.RecordBatch] | None:
        if self.long_way_batches:
            return None
        # A task costs more than a small batch's share of it.
        batches = bounded(records).coalesce(_DRIVER_TASKS).toArrow().to_batches()
        try:
            return [fast_outcomes(batch) for batch in batches if len(batch)]
        except FallbackError:
            self.long_way_batches = FALLBACK_BATCHES
            return None

    def _from_executors(
        self, session: Session, records: DataFrame, work: Work, ranges: Ranges
    ) -> Written:
        if self.long_way_batches:
            return self._decoded(session, records, work, ranges)
        run = executor_apply(self.address, self.cluster, work, ranges, decoding=True)
        reports = _reports(bounded(records).mapInArrow(run, REPORT_SCHEMA))
        doubtful = {
            report.partition: ranges[report.partition]
            for report in reports
            if report.partition is not None and report.fault == FALLBACK
        }
        sure = [report for report in reports if report.fault != FALLBACK]
        if not doubtful:
            return self._written(session, sure, work, ranges)
        self.long_way_batches = FALLBACK_BATCHES
        rest = {number: item for number, item in ranges.items() if number not in doubtful}
        written = self._written(session, sure, work, rest)
        if written.error is not None:
            return written
        again = self._decoded(session, records, work, doubtful)
        return Written(written.done + again.done, again.error)

    def _decoded(self, session: Session, records: DataFrame, work: Work, ranges: Ranges) -> Written:
        run = executor_apply(self.address, self.cluster, work, ranges, decoding=False)
        frame = outcomes(decode(records), keep_bytes=work.isolating)
        return self._written(session, _reports(frame.mapInArrow(run, REPORT_SCHEMA)), work, ranges)

    def _written(
        self, session: Session, reports: list[Report], work: Work, ranges: Ranges
    ) -> Written:
        done = Done()
        errors = []
        for report in reports:
            if report.fault is None:
                done += report.done()
            else:
                errors.append(report.error())
        if errors:
            return Written(done, _worst(errors))
        # A partition without a record had no executor; its offsets count as lost.
        rest = _without(ranges, done)
        return (
            Written(done + apply(session, work, self.publish, rest, ())) if rest else Written(done)
        )


def _reports(frame: DataFrame) -> list[Report]:
    return [Report(**row.asDict()) for row in frame.collect()]


def _without(ranges: Ranges, done: Done) -> dict[int, OffsetRange]:
    return {number: item for number, item in ranges.items() if number not in done.tallies}


def _worst(errors: list[DatabaseError | BrokerError]) -> DatabaseError | BrokerError:
    # What waiting cannot cure comes first, so that it is not hidden behind what it can.
    order = (Fault.UNKNOWN, Fault.DATA, Fault.ENVIRONMENT)
    return min(errors, key=lambda error: order.index(getattr(error, "fault", Fault.ENVIRONMENT)))
