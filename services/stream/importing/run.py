"""The work of an import: a look at the files, then their rows through the sink, file by file.

Spark hands the files to its executors, which must see them under the same paths. While they work,
the ledger tells how far they are.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from threading import Event
from typing import TypeVar

import tenacity
from pyspark import RDD
from pyspark.sql import SparkSession

from services.stream.broker import BrokerError
from services.stream.importing.checks import Split, Stored
from services.stream.importing.progress import Progress, done_rows
from services.stream.importing.sources import Source, read_known
from services.stream.importing.stage import TURN_SECONDS, run_stage
from services.stream.importing.stored_bars import read_stored
from services.stream.importing.survey import FileSurvey, survey_files
from services.stream.importing.task import BROKEN_FILE, Target, import_files
from services.stream.replay.parts import Outcome
from services.stream.retry import StoppedError, waiting_out
from services.stream.sink.batch import InstanceConnection
from services.stream.sink.executor_task import Report
from services.stream.sink.transaction import Purpose
from services.stream.sqlstate import DatabaseError

_T = TypeVar("_T")
_TASKS_A_CORE = 2
"""So many tasks of each core share the files by their sizes. Each costs a fifth of a second."""
_PROGRESS_SECONDS = 5.0

_READ_SPLITS = """
select symbol, ex_date, numerator, denominator from market.corporate_actions
where kind = 'split' and not is_withdrawn
"""


@dataclass(frozen=True)
class Result:
    """What became of the rows of all files, and the files that broke off, each in a sentence."""

    outcome: Outcome
    broken: tuple[str, ...] = ()


@dataclass
class Import:
    """An import of some files."""

    session: SparkSession
    connection: InstanceConnection
    target: Target
    stopping: Event
    log: logging.Logger

    def splits(self) -> dict[str, list[Split]]:
        """Return the known splits by symbol. Raises DatabaseError."""
        found: dict[str, list[Split]] = {}
        for symbol, ex_date, new, old in self.connection.session().fetch(_READ_SPLITS):
            found.setdefault(symbol, []).append(Split(ex_date, Decimal(new) / Decimal(old)))
        return found

    def surveys(
        self, sources: Sequence[Source], splits: Mapping[str, list[Split]], now: datetime
    ) -> list[FileSurvey]:
        """Return what is in each file. Raises StoppedError."""
        days = {symbol: [each.ex_date for each in of] for symbol, of in splits.items()}
        work = self._tasks(sources).mapPartitions(survey_files(sources, days, now))
        found = dict(self._collected(work, None))
        return [found[number] for number in range(len(sources))]

    def stored(self, surveys: Sequence[FileSurvey]) -> list[Stored]:
        """Return of each file the stored bars next to its last ones. Raises DatabaseError."""
        return read_stored(self.connection.session(), surveys)

    def apply(self, sources: Sequence[Source], progress: Progress) -> Result:
        """Bring the rows that are due through the sink, or only tell what that would do.

        Waits out errors of the surroundings. Raises StoppedError, and DatabaseError of what waiting
        cannot cure.
        """
        retrying = waiting_out(self.stopping, self._alarm)
        total, rest, broken = Outcome(), list(sources), list[str]()

        def attempt() -> None:
            nonlocal total, rest
            rest, error, outcome = self._attempt(rest, progress, broken)
            total += outcome
            if error is not None:
                raise error

        try:
            retrying(attempt)
        except tenacity.RetryError:
            raise StoppedError("asked to stop while waiting") from None
        return Result(total, tuple(broken))

    def _attempt(
        self, sources: list[Source], progress: Progress, broken: list[str]
    ) -> tuple[list[Source], DatabaseError | BrokerError | None, Outcome]:
        known = read_known(self.connection.session())
        due = [
            replace(each, begun=known[each.topic].rows) if each.topic in known else each
            for each in sources
        ]
        work = self._tasks(due).mapPartitions(import_files(due, self.target))
        reports = self._collected(work, (progress, due))
        rest, errors, total = [], [], Outcome()
        for report in reports:
            if report.fault in (None, BROKEN_FILE) or self.target.purpose is Purpose.LIVE:
                total += _outcome(report)
            if report.fault == BROKEN_FILE:
                broken.append(report.message or "")
            elif report.fault is not None:
                rest.append(due[report.partition or 0])
                errors.append(report.error())
        return rest, (errors[0] if errors else None), total

    def _tasks(self, sources: Sequence[Source]) -> RDD[int]:
        # No frame: Spark's SQL takes seconds to load, and has nothing to do here.
        context = self.session.sparkContext
        shared = shares(
            [_size(each) for each in sources], _TASKS_A_CORE * context.defaultParallelism
        )
        return context.parallelize(shared, len(shared)).flatMap(lambda numbers: numbers)

    def _collected(
        self, work: RDD[_T], shown: tuple[Progress, Sequence[Source]] | None
    ) -> list[_T]:
        def look(seconds: float) -> None:
            if shown and seconds % _PROGRESS_SECONDS < TURN_SECONDS:
                self._show(*shown, seconds)

        cancel = self.session.sparkContext.cancelAllJobs
        return run_stage(work.collect, cancel, self.stopping, look)

    def _show(self, progress: Progress, sources: Sequence[Source], seconds: float) -> None:
        if self.target.purpose is not Purpose.LIVE:
            return
        try:
            done = done_rows(sources, read_known(self.connection.session()))
        except DatabaseError as error:
            self.log.warning("how far it is cannot be told now: %s", error)
            return
        self.log.info("%s", progress.line(done, seconds))

    def _alarm(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.log.error("waiting: %s; try %d follows", error, state.attempt_number + 1)


def _outcome(report: Report) -> Outcome:
    added, changed = report.added or 0, report.changed or 0
    return Outcome(added, changed, (report.good or 0) - added - changed, report.bad or 0)


def shares(sizes: Sequence[int], tasks: int) -> list[range]:
    """Return the files of each task, by their places: neighbours, and about as large as others'."""
    whole, before, found = max(1, sum(sizes)), 0, list[int]()
    for size in sizes:
        # A file belongs to the share that its middle lies in.
        found.append(tasks * (2 * before + size) // (2 * whole + 1))
        before += size
    bounds = [at for at, share in enumerate(found) if at == 0 or share != found[at - 1]]
    return [range(*pair) for pair in pairwise([*bounds, len(sizes)])]


def _size(source: Source) -> int:
    # Who reads one that is gone will name it.
    try:
        return source.path.stat().st_size
    except OSError:
        return 0
