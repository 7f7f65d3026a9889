"""Brings decoded records into PostgreSQL: few through the driver, many through the executors.

A small batch costs one round trip of Spark and one transaction on the driver's connection. Of a
large one, or one with bytes to keep, each executor applies its own Kafka partition, so that the
writer grows with a Spark cluster.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame

from services.stream.apply import Done, Publish, Work, apply
from services.stream.broker import BrokerError
from services.stream.executor import REPORT_SCHEMA, Report, executor_apply
from services.stream.faults import DatabaseError, Fault
from services.stream.ledger import OffsetRange
from services.stream.outcomes import outcomes
from services.stream.postgres import Session
from services.stream.settings import PostgresAddress
from services.stream.stage import GOOD_COLUMNS

Ranges = Mapping[int, OffsetRange]


@dataclass(frozen=True)
class Written:
    """What was done of a batch, and the error that kept the rest of its partitions from it."""

    done: Done
    error: DatabaseError | BrokerError | None = None


@dataclass(frozen=True)
class Writer:
    """Applies decoded records. Executors connect to `address` and `bootstrap` by themselves;
    on the driver refused records go to `publish`."""

    address: PostgresAddress
    bootstrap: str
    publish: Publish
    driver_rows: int

    def write(self, session: Session, decoded: DataFrame, work: Work, ranges: Ranges) -> Written:
        """Apply the records of `ranges`. Raises OffsetGapError; on the driver's connection also
        DatabaseError and BrokerError, and then nothing is done.
        """
        try:
            written = self._from_driver(session, decoded, work, ranges)
            written = written or self._from_executors(session, decoded, work, ranges)
        except DatabaseError as error:
            written = Written(Done(), error)
        if not isinstance(written.error, DatabaseError) or written.error.fault is not Fault.DATA:
            return written
        rest = {
            number: item for number, item in ranges.items() if number not in written.done.tallies
        }
        isolating = replace(work, isolating=True)
        again = self._from_executors(session, decoded, isolating, rest)
        return Written(written.done + again.done, again.error)

    def _from_driver(
        self, session: Session, decoded: DataFrame, work: Work, ranges: Ranges
    ) -> Written | None:
        if sum(offsets.until - offsets.start for offsets in ranges.values()) > self.driver_rows:
            return None
        batches = outcomes(decoded).select(*GOOD_COLUMNS).toArrow().to_batches()
        if any(batch.column("reason").null_count < len(batch) for batch in batches):
            # Rejected records keep their bytes, which may be large: they never pass the driver.
            return None
        return Written(apply(session, work, self.publish, ranges, batches))

    def _from_executors(
        self, session: Session, decoded: DataFrame, work: Work, ranges: Ranges
    ) -> Written:
        run = executor_apply(self.address, self.bootstrap, work, ranges)
        frame = outcomes(decoded, keep_bytes=work.isolating).mapInArrow(run, REPORT_SCHEMA)
        done = Done()
        errors = []
        for report in [Report(**row.asDict()) for row in frame.collect()]:
            if report.fault is None:
                done += report.done()
            else:
                errors.append(report.error())
        if errors:
            return Written(done, _worst(errors))
        # A partition without a record had no executor; its offsets count as lost.
        rest = {number: item for number, item in ranges.items() if number not in done.tallies}
        return (
            Written(done + apply(session, work, self.publish, rest, ())) if rest else Written(done)
        )


def _worst(errors: list[DatabaseError | BrokerError]) -> DatabaseError | BrokerError:
    # What waiting cannot cure comes first, so that it is not hidden behind what it can.
    order = (Fault.UNKNOWN, Fault.DATA, Fault.ENVIRONMENT)
    return min(errors, key=lambda error: order.index(getattr(error, "fault", Fault.ENVIRONMENT)))
