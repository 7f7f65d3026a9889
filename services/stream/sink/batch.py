"""The heart: a batch of Kafka records goes into PostgreSQL once, whatever dies on the way.

In come the records of known offset ranges; in one transaction for each Kafka partition, or one
for all, the bars are merged, replaced values and rejections kept, and the ledger moved. Faults of
the environment are waited out, faults of a row reject that row, anything else is raised.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Event

import tenacity
from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - the field's usual name

from services.common.fail_points import reach
from services.stream.retry import SecondInstanceError, StoppedError, waiting_out
from services.stream.sink import offset_ledger
from services.stream.sink.dispatch import Writer
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.sink.postgres import Session
from services.stream.sink.transaction import Done, Work
from services.stream.sqlstate import DatabaseError


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
    work: Work
    stopping: Event
    on_retry: Callable[[str], None]
    log: logging.Logger

    def apply(self, records: DataFrame, batch: Mapping[int, OffsetRange]) -> Applied:
        """Apply the records of `batch`, waiting out every fault of the environment.

        Raises OffsetGapError, DatabaseError of an unknown fault, SecondInstanceError, and
        StoppedError when told to stop while waiting.
        """
        started = time.monotonic()
        attempt = _Attempt(self, records, batch)
        try:
            waiting_out(self.stopping, self._alarm)(attempt.run)
        except tenacity.RetryError as error:
            raise StoppedError("asked to stop while a batch was waiting") from error
        applied = _applied(attempt.done, time.monotonic() - started)
        if applied.rejected:
            self._name_refused(batch)
        return applied

    def _name_refused(self, batch: Mapping[int, OffsetRange]) -> None:
        """Warn by symbol: one whose every bar is refused is in no table of bars."""
        try:
            refused = self.connection.session().read_refused(self.work.topic, batch)
        except (DatabaseError, SecondInstanceError) as error:
            self.log.warning("which symbols were refused cannot be told now: %s", error)
            return
        for symbol, reason, records in refused:
            self.log.warning("%s: %d records refused (%s)", symbol, records, reason)

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


@dataclass
class _Attempt:
    """A batch on its way; what one try has done, the next one need not repeat."""

    sink: Sink
    records: DataFrame
    batch: Mapping[int, OffsetRange]
    done: Done = field(default_factory=Done)

    def run(self) -> None:
        sink = self.sink
        if sink.stopping.is_set():
            raise StoppedError("asked to stop while a batch was waiting")
        session = sink.connection.session()
        known, _ = session.read_ledger(sink.work.topic)
        rest = offset_ledger.pending(known, self.batch, sink.work.accept_lost)
        reach("sink.batch_begun")
        if rest:
            records = self.records if rest == self.batch else _within(self.records, rest)
            written = sink.writer.write(session, records, sink.work, rest)
            self.done += written.done
            if written.error is not None:
                raise written.error


@dataclass
class InstanceConnection:
    """The database connection of the only instance; opened again whenever it broke."""

    connect: Callable[[], Session]
    lock: int
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


def _applied(done: Done, seconds: float) -> Applied:
    ages = [tally.oldest_ms for tally in done.tallies.values() if tally.oldest_ms is not None]
    return Applied(
        stored=sum(move.stored for move in done.moves),
        superseded=sum(move.superseded for move in done.moves),
        rejected=sum(move.rejected for move in done.moves),
        lost=sum(move.lost for move in done.moves),
        seconds=seconds,
        oldest_ms=min(ages, default=None),
    )
