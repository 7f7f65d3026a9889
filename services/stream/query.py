"""The running query: hands each micro-batch to the sink, and stops between two of them."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from threading import Condition, Event

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from services.common.fail_points import reach
from services.common.process.heartbeat import Heartbeat
from services.stream.error_advice import summary
from services.stream.metrics import Metrics
from services.stream.retry import StoppedError
from services.stream.settings import Settings
from services.stream.sink.batch import Applied, Sink
from services.stream.sink.offset_ledger import OffsetRange, total_records
from services.stream.spark import runtime
from services.stream.spark.checkpoint_offset_log import (
    CheckpointError,
    batch_ranges,
    parse_initial_offsets,
    parse_offset_log,
)

_FINISH_SECONDS = 11.0


class BatchError(Exception):
    """What ended a batch, in one line; `Job` keeps the error itself."""


class QueryFailedError(Exception):
    """The query ended by itself; the message is the cause's, the cause is attached."""


@dataclass
class Job:
    """One run of the query, from its start to a stop or a failure."""

    session: SparkSession
    settings: Settings
    sink: Sink
    metrics: Metrics
    heartbeat: Heartbeat | None
    stopping: Event
    log: logging.Logger
    clock_seconds: Callable[[], float]
    around_large_batch: Callable[[], AbstractContextManager[None]]
    works: Callable[[], None] = lambda: None  # told whenever Spark reports
    _failure: BaseException | None = None
    _ends: tuple[int, dict[int, int]] | None = None
    _idle: Condition = field(default_factory=Condition)
    _busy: bool = False

    def run(self, starting: Mapping[int, int]) -> None:
        """Run until told to stop. `starting` are the offsets of a query without a checkpoint.

        Raises QueryFailedError.
        """
        query = self._start(starting)
        try:
            self._watch(query)
        finally:
            self._finish_batch()
            self._stop(query)

    def _start(self, starting: Mapping[int, int]) -> StreamingQuery:
        source = runtime.read_stream(self.session, self.settings, self.sink.work.topic, starting)
        writer = source.writeStream.foreachBatch(self._take)
        writer = writer.option("checkpointLocation", self.settings.checkpoint_dir)
        seconds = self.settings.trigger_seconds
        try:
            return writer.trigger(processingTime=f"{int(seconds * 1000)} milliseconds").start()
        except runtime.ERRORS as error:
            raise QueryFailedError(str(error)) from error

    def _watch(self, query: StreamingQuery) -> None:
        seen = None
        while not self.stopping.wait(0.25):
            if not query.isActive:
                raise QueryFailedError(self._cause(query)) from self._failure
            progress = query.lastProgress
            if progress is None or progress.timestamp == seen:
                continue
            # Spark reports each batch, and every ten seconds that there is nothing to do; a
            # batch that waits for the database reports nothing, and the heartbeat grows old.
            seen = progress.timestamp
            if self.heartbeat is not None:
                self.heartbeat.beat()
            self.works()
            self.metrics.progressed()
            self.metrics.lag(_lag(progress.sources[0].endOffset, progress.sources[0].latestOffset))

    def _take(self, records: DataFrame, batch_id: int) -> None:
        if not self._begin():
            raise StoppedError("asked to stop")
        try:
            ranges = self._ranges(batch_id)
            with self._around(ranges):
                applied = self.sink.apply(records, ranges)
            reach("job.batch_applied")
            self._report(batch_id, applied)
        except BaseException as error:  # noqa: BLE001 - kept, and raised by `_watch`
            self._failure = error
            # Only a line goes back through Java: over the text of a long trace Spark's own reading
            # of it overflows the stack, and prints a thousand lines.
            raise BatchError(summary(f"{type(error).__name__}: {error}")) from None
        finally:
            with self._idle:
                self._busy = False
                self._idle.notify_all()

    def _begin(self) -> bool:
        with self._idle:
            self._busy = not self.stopping.is_set()
            return self._busy

    def _around(self, ranges: Mapping[int, OffsetRange]) -> AbstractContextManager[None]:
        is_large = total_records(ranges) > self.settings.driver_rows
        return self.around_large_batch() if is_large else nullcontext()

    def _ranges(self, batch_id: int) -> dict[int, OffsetRange]:
        ends = self._logged(batch_id)
        if self._ends is not None and self._ends[0] == batch_id - 1:
            starts = self._ends[1]
        else:
            starts = self._logged(batch_id - 1) if batch_id > 0 else self._initial()
        self._ends = (batch_id, ends)
        return batch_ranges(starts, ends)

    def _logged(self, batch_id: int) -> dict[int, int]:
        return parse_offset_log(self._checkpoint(f"offsets/{batch_id}"), self.sink.work.topic)

    def _initial(self) -> dict[int, int]:
        return parse_initial_offsets(self._checkpoint("sources/0/0"), self.sink.work.topic)

    def _checkpoint(self, name: str) -> str:
        path = f"{self.settings.checkpoint_dir}/{name}"
        text = runtime.read_text(self.session, path)
        if text is None:
            raise CheckpointError(f"the offset log {path} is missing")
        return text

    def _report(self, batch_id: int, applied: Applied) -> None:
        self.metrics.applied(applied, self.clock_seconds())
        self.log.info(
            "batch %d: %d records, %d stored, %d superseded, %d rejected in %.2f s",
            batch_id,
            applied.records,
            applied.stored,
            applied.superseded,
            applied.rejected,
            applied.seconds,
        )
        if applied.lost:
            self.log.error("batch %d: %d offsets held no record", batch_id, applied.lost)
        if applied.rejected and applied.rejected_ratio >= self.settings.reject_alarm_ratio:
            self.log.error(
                "batch %d: %.0f %% rejected, more than bad luck; see market.rejected_events",
                batch_id,
                100 * applied.rejected_ratio,
            )

    def _cause(self, query: StreamingQuery) -> str:
        if self._failure is not None:
            return f"{type(self._failure).__name__}: {self._failure}"
        error = query.exception()
        return str(error) if error is not None else "the query ended without an error"

    def _finish_batch(self) -> None:
        deadline = time.monotonic() + _FINISH_SECONDS
        with self._idle:
            while self._busy and time.monotonic() < deadline:
                self._idle.wait(deadline - time.monotonic())
            if self._busy:
                self.log.warning("the batch in hand is given up; the ledger knows where to go on")

    def _stop(self, query: StreamingQuery) -> None:
        try:
            query.stop()
        except runtime.ERRORS as error:
            self.log.warning("Spark did not stop the query in time: %s", str(error)[:200])


def _lag(end: str | None, latest: str | None) -> dict[int, int]:
    # Both are JSON, or `null` until the source has been asked for the first time.
    behind, newest = json.loads(end or "null"), json.loads(latest or "null")
    if behind is None or newest is None:
        return {}
    [reached], [last] = behind.values(), newest.values()
    return {int(number): offset - reached.get(number, 0) for number, offset in last.items()}
