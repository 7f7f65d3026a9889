"""A stage of Spark stops whenever it is asked to, and only then."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Event

import pytest
from pyspark.errors import PySparkException

from services.stream.importing.stage import run_stage
from services.stream.retry import StoppedError


@dataclass
class Jobs:
    """Jobs as of Spark: what is cancelled before Spark has begun it goes on."""

    deaf_turns: int = 0
    cancels: int = 0
    asked: list[float] = field(default_factory=list)
    ended: Event = field(default_factory=Event)

    def collect(self) -> str:
        """Wait until the jobs are cancelled or done."""
        assert self.ended.wait(30)
        if self.cancels > self.deaf_turns:
            raise PySparkException("Job 0 cancelled part of cancelAllJobs")
        return "rows"

    def cancel(self) -> None:
        """Cancel the jobs that have begun."""
        self.cancels += 1
        if self.cancels > self.deaf_turns:
            self.ended.set()


def test_a_stage_is_cancelled_however_late_its_job_begins() -> None:
    jobs, stopping = Jobs(deaf_turns=3), Event()

    with pytest.raises(StoppedError):
        run_stage(jobs.collect, jobs.cancel, stopping, lambda _: stopping.set())

    assert jobs.cancels == 4


def test_a_stage_does_not_begin_once_stopping() -> None:
    jobs, stopping = Jobs(), Event()
    stopping.set()

    with pytest.raises(StoppedError):
        run_stage(jobs.collect, jobs.cancel, stopping, jobs.asked.append)

    assert (jobs.cancels, jobs.asked) == (0, [])


def test_a_stage_is_looked_at_until_it_is_done() -> None:
    jobs = Jobs()

    def look(seconds: float) -> None:
        jobs.asked.append(seconds)
        if len(jobs.asked) == 2:
            jobs.ended.set()

    assert run_stage(jobs.collect, jobs.cancel, Event(), look) == "rows"
    assert jobs.asked == sorted(jobs.asked)
    assert (len(jobs.asked), jobs.cancels) == (2, 0)


def test_what_was_done_when_stopping_counts() -> None:
    jobs, stopping = Jobs(deaf_turns=1), Event()

    def cancel() -> None:
        jobs.cancel()
        jobs.ended.set()

    assert run_stage(jobs.collect, cancel, stopping, lambda _: stopping.set()) == "rows"


def test_an_error_of_spark_is_no_stop() -> None:
    def collect() -> str:
        raise PySparkException("the disk is gone")

    with pytest.raises(PySparkException, match="the disk is gone"):
        run_stage(collect, lambda: None, Event(), lambda _: None)
