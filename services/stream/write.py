"""Brings decoded records to the staging tables and runs one transaction over them.

Few records go through the driver, in one round trip; many, or any with bytes to keep, are
copied by the executors in parallel, so that the writer grows with a Spark cluster.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from pyspark.sql import DataFrame

from services.stream.faults import DatabaseError
from services.stream.outcomes import outcomes
from services.stream.postgres import Session, Staging
from services.stream.settings import PostgresAddress
from services.stream.stage import STAGED_SCHEMA, Tallies, executor_stage, stage, tallies_of

T = TypeVar("T")
Body = Callable[[Staging, Tallies], T]


@dataclass(frozen=True)
class Writer:
    """Stages decoded records for `session`; `name` prefixes the shared staging tables."""

    address: PostgresAddress
    name: str
    driver_rows: int

    def write(self, session: Session, decoded: DataFrame, records: int, body: Body[T]) -> T:
        """Stage `decoded` (about `records` rows), run `body` in a transaction, return its result.

        Raises DatabaseError, and whatever `body` raises; then nothing is written.
        """
        if records <= self.driver_rows:
            staged = outcomes(decoded).select("partition", "kafka_timestamp", "line", "reason")
            batches = staged.toArrow().to_batches()
            if not any(batch.column("reason").null_count < len(batch) for batch in batches):
                staging = session.session_staging()
                with session.transaction():
                    return body(staging, stage(session, staging, batches))
        # Rejected records keep their bytes, which may be large: they never pass the driver.
        return self._write_from_executors(session, decoded, body)

    def _write_from_executors(self, session: Session, decoded: DataFrame, body: Body[T]) -> T:
        token = f"{self.name}_{secrets.token_hex(8)}"
        staging = Staging.shared(token)
        session.create_shared(staging)
        try:
            tallies = self._stage_from_executors(decoded, token)
            with session.transaction():
                result = body(staging, tallies)
                session.drop_shared(staging)
        except BaseException:
            # A broken connection cannot drop them; they go when the next one is opened.
            if not session.broken:
                session.drop_shared(staging)
            raise
        return result

    def _stage_from_executors(self, decoded: DataFrame, token: str) -> Tallies:
        run = executor_stage(self.address, token)
        reports = outcomes(decoded).mapInArrow(run, STAGED_SCHEMA).collect()
        for report in reports:
            if report.message is not None:
                raise DatabaseError(report.message, report.sqlstate)
        return tallies_of(report.asDict() for report in reports)
