"""Fetches slices in parallel on a fixed number of threads.

In: jobs that the plan has let go. Out: what each brought, parsed into bars.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from services.common.market.bar import Bar
from services.common.market.corporate_action import CorporateAction
from services.common.market.quote import Quote
from services.producer.alpha_vantage.actions import Seen, parse_actions
from services.producer.alpha_vantage.classify import Kind, Verdict
from services.producer.alpha_vantage.parse import Observation, parse_bars
from services.producer.alpha_vantage.quotes import Asked, parse_quotes
from services.producer.alpha_vantage.source import Source
from services.producer.market_calendar import Sessions, clock_of
from services.producer.polling.cadence import lag
from services.producer.series import ACTION_LISTS, DAY, QUOTES, Series, Slice


@dataclass(frozen=True)
class Job:
    """A call that may leave. `market_at` is the market's instant, `called_at` the real one."""

    series: Series
    part: Slice
    market_at: datetime
    called_at: datetime


@dataclass(frozen=True)
class Fetched:
    """What a job brought: the verdict, and if it was data its bars, corporate actions or quotes."""

    job: Job
    verdict: Verdict
    bars: tuple[Bar, ...] = ()
    actions: tuple[CorporateAction, ...] = ()
    observed_at: datetime | None = None
    quotes: tuple[Quote, ...] = ()


class Fetches(Protocol):
    """The part of the API that is used."""

    def fetch(self, series: Series, part: Slice) -> tuple[Verdict, datetime]:
        """Return the verdict on one call and the UTC instant at which its answer had arrived."""


class Fetcher:
    """Runs jobs; `on_fetched` is called on one of its threads."""

    def __init__(
        self,
        api: Fetches,
        source: Source,
        sessions: Sessions,
        parallel: int,
        on_fetched: Callable[[Fetched], None],
    ) -> None:
        self._api = api
        self._source = source
        self._sessions = sessions
        self._on_fetched = on_fetched
        self._jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
        # Daemons: a call that hangs must not hold up the end of the process.
        self._threads = [
            threading.Thread(target=self._run, name=f"fetch-{number}", daemon=True)
            for number in range(parallel)
        ]

    def start(self) -> None:
        """Start the threads."""
        for thread in self._threads:
            thread.start()

    def is_alive(self) -> bool:
        """Return whether every thread runs."""
        return all(thread.is_alive() for thread in self._threads)

    def submit(self, job: Job) -> None:
        """Take a job; it runs as soon as a thread is free."""
        self._jobs.put(job)

    def _run(self) -> None:
        while True:
            job = self._jobs.get()
            self._on_fetched(self.fetch(job))

    def fetch(self, job: Job) -> Fetched:
        """Return what the job brings."""
        verdict, arrived_at = self._api.fetch(job.series, job.part)
        if verdict.kind is not Kind.DATA:
            return Fetched(job, verdict)
        if job.series.interval in ACTION_LISTS:
            listed = Seen(job.series, self._source.name, arrived_at)
            actions = tuple(parse_actions(verdict.rows, listed))
            return Fetched(job, replace(verdict, rows=()), (), actions, arrived_at)
        if job.series.interval == QUOTES:
            freshness = self._freshness(job.series, verdict)
            asked = Asked(job.series.symbols, self._source.name, freshness, arrived_at)
            quotes = tuple(parse_quotes(verdict.rows, asked))
            return Fetched(job, replace(verdict, rows=()), quotes=quotes)
        zone = clock_of(job.series, verdict.zone)
        freshness = self._freshness(job.series, verdict)
        seen = Observation(
            series=job.series,
            zone=zone,
            source=self._source.name,
            freshness=freshness,
            # TIME_SERIES_DAILY is raw, as traded; only shares' intraday bars come adjusted.
            adjusted=self._source.adjusted
            and job.series.interval != DAY
            and job.series.market.has_actions,
            observed_at=arrived_at,
        )
        # Judged by the instant of asking: the answer may not know what happened after it.
        is_final = self._sessions.judge(job.series, zone, job.market_at, lag(freshness))
        bars = parse_bars(verdict.bars, seen, is_final)
        # The document is let go here: a month of minutes weighs tens of megabytes.
        return Fetched(job, replace(verdict, bars={}, zone=zone), tuple(bars))

    def _freshness(self, series: Series, verdict: Verdict) -> str:
        """Return how fresh an answer's values are: as the key is entitled to, or as the answer
        says."""
        freshness = self._source.freshness(series)
        return "delayed_15min" if verdict.delayed and freshness == "realtime" else freshness
