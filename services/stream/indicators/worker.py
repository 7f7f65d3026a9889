"""Keeps the indicators up to date, in rounds beside the batches and after them.

In come the marks of what merges wrote, out goes a Spark job a round, each of whose tasks derives a
group of series in a transaction of its own. Faults of the environment are waited out.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event
from typing import Final

import pyarrow as pa
import tenacity
from pyspark.sql import SparkSession

from services.common import fail_points
from services.stream.indicators.low_priority import at_low_priority
from services.stream.indicators.tables import Derived, Series, derive_group, fold, pending
from services.stream.retry import waiting_out
from services.stream.settings import PostgresAddress
from services.stream.sink.batch import InstanceConnection
from services.stream.sink.session_cache import cached_session
from services.stream.sqlstate import DatabaseError

LOOK_SECONDS: Final = 1.0
"""The pause between two looks for work."""
FOLD_SECONDS: Final = 60.0
"""The same where indicators are not wanted, and only their marks are kept few."""
DEFER_SECONDS: Final = 120.0
"""How long large batches may hold up the indicators."""
QUIET_SECONDS: Final = 2.0
"""How long after a large batch no further one is expected."""

GROUP_SERIES: Final = 50
ROUND_SERIES: Final = 2_000
GROUP_BARS: Final = 100_000
"""How many bars a task derives at most in one transaction, shared by the series of its group."""

_REPORT = pa.schema(
    [
        ("bars", pa.int64()),
        ("rows", pa.int64()),
        ("unfinished", pa.int64()),
        ("sqlstate", pa.string()),
        ("message", pa.string()),
    ]
)
_REPORT_SCHEMA = "bars bigint, rows bigint, unfinished bigint, sqlstate string, message string"


@dataclass
class IndicatorWorker:
    """Derives what is due, or, if not `wanted`, keeps the marks of it few; `run` lasts until
    `stopping` is set."""

    session: SparkSession
    address: PostgresAddress
    connection: InstanceConnection
    wanted: bool
    stopping: Event
    on_round: Callable[[Derived], None]
    log: logging.Logger
    _quiet_from: float = 0.0
    _rested_since: float = field(default_factory=time.monotonic)

    def run(self) -> None:
        """Work until told to stop. Raises DatabaseError of an unknown fault, PySparkException."""
        self.session.sparkContext.setLocalProperty("spark.scheduler.pool", "indicators")
        patient = waiting_out(self.stopping, self._alarm)
        try:
            while not self.stopping.is_set():
                more = self.wanted and not self._deferred() and patient(self.round)
                if not self.wanted:
                    patient(lambda: fold(self.connection.session()))
                if not more:
                    self.stopping.wait(LOOK_SECONDS if self.wanted else FOLD_SECONDS)
        except tenacity.RetryError:
            self.log.debug("asked to stop while the indicators were waiting")
        finally:
            self.connection.close()

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Let bars go first: a large batch is being merged, and others may follow."""
        self._quiet_from = math.inf
        try:
            yield
        finally:
            self._quiet_from = time.monotonic() + QUIET_SECONDS

    def round(self) -> bool:
        """Derive some of what is due; return whether more of it is known to be due."""
        self._rested_since = time.monotonic()
        series = pending(self.connection.session(), ROUND_SERIES)
        if not series:
            return False
        derived = self._derive(series)
        self.on_round(derived)
        self.log.info(
            "indicators: %d bars of %d series, %d rows written in %.2f s",
            derived.bars,
            len(series),
            derived.rows,
            time.monotonic() - self._rested_since,
        )
        return derived.unfinished > 0 or len(series) == ROUND_SERIES

    def _deferred(self) -> bool:
        now = time.monotonic()
        return now < self._quiet_from and now - self._rested_since < DEFER_SECONDS

    def _derive(self, series: Sequence[Series]) -> Derived:
        groups = [
            series[start : start + GROUP_SERIES] for start in range(0, len(series), GROUP_SERIES)
        ]
        # The others are for the bars that come meanwhile.
        tasks = min(len(groups), max(1, self.session.sparkContext.defaultParallelism // 2))
        frame = self.session.range(0, len(groups), 1, tasks)
        reports = frame.mapInArrow(executor_derive(self.address, groups), _REPORT_SCHEMA).collect()
        for report in reports:
            if report.message is not None:
                raise DatabaseError(report.message, report.sqlstate)
        return Derived(
            bars=sum(report.bars for report in reports),
            rows=sum(report.rows for report in reports),
            unfinished=sum(report.unfinished for report in reports),
        )

    def _alarm(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.log.error(
            "indicators wait, nothing is lost: %s; try %d follows",
            error,
            state.attempt_number + 1,
        )


def executor_derive(
    address: PostgresAddress, groups: Sequence[Sequence[Series]]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function that each Spark task runs over the numbers of its groups."""
    fail_at = fail_points.armed()

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        fail_points.arm(fail_at)
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield pa.RecordBatch.from_pylist([_report(groups[number])], schema=_REPORT)

    def _report(group: Sequence[Series]) -> dict[str, object]:
        most_bars = max(1_000, GROUP_BARS // len(group))
        try:
            with cached_session(address, "tapeline indicators") as session:
                derived = at_low_priority(lambda: derive_group(session, group, most_bars))
                return derived._asdict()
        except DatabaseError as error:
            return {"message": str(error), "sqlstate": error.sqlstate}

    return run
