"""The heart: a batch of Kafka records goes into PostgreSQL once, whatever dies on the way.

In come the records of known offset ranges; in one transaction the bars are merged, replaced
values and rejections kept, and the ledger moved. Faults of the environment are waited out,
faults of a row reject that row, anything else is raised.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from threading import Event
from typing import Protocol

import tenacity
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.stream import ledger
from services.stream.decode import decode
from services.stream.faults import DatabaseError, Fault
from services.stream.isolate import merge_isolating
from services.stream.ledger import Move, OffsetRange
from services.stream.merged import Merged, RejectedRecord
from services.stream.patience import SecondInstanceError, StoppedError, waiting_out
from services.stream.postgres import Session, Staging
from services.stream.stage import Tallies
from services.stream.write import Writer


class RejectedSink(Protocol):
    """Where refused records go besides the database."""

    def publish(self, records: Iterable[RejectedRecord]) -> None:
        """Return when every record is acknowledged. Raises BrokerError."""


@dataclass(frozen=True)
class Applied:
    """What became of a batch: counts of records, its duration, its oldest Kafka time."""

    stored: int = 0
    superseded: int = 0
    rejected: int = 0
    lost: int = 0
    seconds: float = 0.0
    oldest_ms: int | None = None

    @property
    def records(self) -> int:
        """How many records the batch brought."""
        return self.stored + self.superseded + self.rejected

    @property
    def rejected_ratio(self) -> float:
        """Which share of them was rejected."""
        return self.rejected / self.records if self.records else 0.0


@dataclass(frozen=True)
class Sink:
    """Applies batches of one topic; `connection` is kept open and holds the instance lock."""

    connection: InstanceConnection
    writer: Writer
    rejected: RejectedSink
    topic: str
    topic_id: str
    accept_lost: bool
    stopping: Event
    on_retry: Callable[[str], None]
    log: logging.Logger

    def apply(self, records: DataFrame, batch: Mapping[int, OffsetRange]) -> Applied:
        """Apply the records of `batch`, waiting out every fault of the environment.

        Raises OffsetGapError, DatabaseError of an unknown fault, SecondInstanceError, and
        StoppedError when told to stop while waiting.
        """
        started = time.monotonic()
        retrying = waiting_out(self.stopping, self._alarm)
        try:
            applied = retrying(self._attempt, records, batch)
        except tenacity.RetryError as error:
            raise StoppedError("asked to stop while a batch was waiting") from error
        return replace(applied, seconds=time.monotonic() - started)

    def _attempt(self, records: DataFrame, batch: Mapping[int, OffsetRange]) -> Applied:
        if self.stopping.is_set():
            raise StoppedError("asked to stop while a batch was waiting")
        session = self.connection.session()
        known, _ = session.read_ledger(self.topic)
        rest = ledger.pending(known, batch, self.accept_lost)
        if not rest:
            return Applied()
        decoded = decode(records if rest == batch else _within(records, rest))
        unit = _Unit(self, session, known, rest)
        size = sum(offsets.until - offsets.start for offsets in rest.values())
        try:
            return self.writer.write(session, decoded, size, unit.run)
        except DatabaseError as error:
            if error.fault is not Fault.DATA:
                raise
            self.log.warning("the database refused a row (%s); finding it", error)
        with session.transaction():
            return unit.run_isolating(decoded)

    def _alarm(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        fault = getattr(error, "sqlstate", None) or type(error).__name__
        self.on_retry(str(fault))
        wait_seconds = state.next_action.sleep if state.next_action else 0.0
        self.log.error(
            "batch waits, nothing is lost: %s; try %d in %.1f s",
            error,
            state.attempt_number + 1,
            wait_seconds,
        )


@dataclass(frozen=True)
class _Unit:
    """One transaction's work, from the staged rows to the moved ledger."""

    sink: Sink
    session: Session
    known: Mapping[int, int]
    rest: Mapping[int, OffsetRange]

    def run(self, staging: Staging, tallies: Tallies) -> Applied:
        self._publish(staging, tallies)
        self.session.lock_merge(self.sink.topic, self.known)
        return self._account(self.session.merge(staging), tallies)

    def run_isolating(self, decoded: DataFrame) -> Applied:
        staging = self.session.session_staging()
        self.session.lock_merge(self.sink.topic, self.known)
        merged, tallies = merge_isolating(self.session, staging, decoded)
        self._publish(staging, tallies)
        return self._account(merged, tallies)

    def _publish(self, staging: Staging, tallies: Tallies) -> None:
        # Before the commit: the offsets move only once both places have the record.
        if any(seen.bad for seen in tallies.values()):
            self.sink.rejected.publish(self.session.staged_rejected(staging))
            self.session.keep_rejected(self.sink.topic, staging)

    def _account(self, merged: Merged, tallies: Tallies) -> Applied:
        stored = {
            partition: replace(seen, stored=merged.stored.get(partition, 0))
            for partition, seen in tallies.items()
        }
        moved = ledger.moves(self.known, self.rest, stored)
        self.session.move_ledger(self.sink.topic, self.sink.topic_id, moved)
        if merged.symbols:
            self.session.notify(merged.symbols)
        ages = [seen.oldest_ms for seen in tallies.values() if seen.oldest_ms is not None]
        return _applied(moved, min(ages, default=None))


@dataclass
class InstanceConnection:
    """The database connection of the only instance; opened again whenever it broke."""

    connect: Callable[[], Session]
    lock: int
    staging_prefix: str
    _session: Session | None = None

    def session(self) -> Session:
        """Return an open session that holds the lock. Raises DatabaseError and, if somebody
        else holds the lock, SecondInstanceError."""
        if self._session is not None and not self._session.broken:
            return self._session
        self._session = None
        session = self.connect()
        if not session.try_lock(self.lock):
            session.close()
            raise SecondInstanceError("another instance is at work on this database")
        session.drop_left_over(self.staging_prefix)
        self._session = session
        return session

    def close(self) -> None:
        """Close the session and give the lock back."""
        if self._session is not None:
            self._session.close()


def _within(records: DataFrame, ranges: Mapping[int, OffsetRange]) -> DataFrame:
    wanted = F.lit(False)
    for partition, offsets in ranges.items():
        wanted = wanted | ((F.col("partition") == partition) & (F.col("offset") >= offsets.start))
    return records.where(wanted)


def _applied(moved: list[Move], oldest_ms: int | None) -> Applied:
    return Applied(
        stored=sum(move.stored for move in moved),
        superseded=sum(move.superseded for move in moved),
        rejected=sum(move.rejected for move in moved),
        lost=sum(move.lost for move in moved),
        oldest_ms=oldest_ms,
    )
