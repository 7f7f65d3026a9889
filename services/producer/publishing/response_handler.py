"""Takes what comes back: bars go to the delivery thread, other answers have their consequence."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Final

from services.common.fail_points import reach
from services.producer.alpha_vantage.classify import Kind, Verdict
from services.producer.polling.backfill import OWED
from services.producer.polling.failures import FailureHandler
from services.producer.polling.fetch_pool import Fetched, Job
from services.producer.polling.series_state import Completion, Progress, known_span
from services.producer.publishing.basis_keeper import BasisKeeper
from services.producer.publishing.delivery import PendingBars, Record
from services.producer.publishing.new_bars import take_in
from services.producer.publishing.price_basis import Prices
from services.producer.runtime import Context
from services.producer.series import Series

MAX_RECORD_BYTES: Final = 1_000_000
"""What a bar may weigh: a little less than the limit of 1 MiB that brokers have."""


@dataclass(frozen=True)
class _Answer:
    """What is kept of an answer while its bars are on their way."""

    job: Job
    zone: str
    times: frozenset[str]
    anchors: Mapping[str, Prices] = field(default_factory=dict)


class ResponseHandler:
    """Handles one answer or one delivery at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._failures = FailureHandler(context)
        self._bases = BasisKeeper(context)
        self._delivering: dict[Series, _Answer] = {}
        self._first_bars: dict[str, str] = {}
        # What no broker takes is not tried again until its content changes.
        self._refused: dict[Series, dict[str, bytes]] = {}

    def fetched(self, fetched: Fetched, progress: Progress, active: int) -> None:
        """Take an answer, of one of `active` series. Raises ProducerStoppedError if the key is
        refused."""
        verdict = fetched.verdict
        self._context.metrics.answer(verdict.kind)
        reach("producer.fetched")
        if verdict.kind is Kind.UNREACHABLE:
            self._refund(fetched)
        if verdict.kind is Kind.DATA:
            self._context.works()
            self._publish(fetched, progress, active)
        elif self._failures.follow(fetched, progress, active):
            self._complete(_Answer(fetched.job, "", frozenset()), progress)

    def delivered(self, pending: PendingBars, progress: Progress) -> None:
        """Take note that Kafka has answered for every bar of one answer."""
        self._refuse(pending.series, pending.refused)
        self._complete(self._delivering.pop(pending.series), progress)

    def _publish(self, fetched: Fetched, progress: Progress, active: int) -> None:
        series = fetched.job.series
        marked = self._bases.mark(fetched.job, fetched.bars, progress)
        if marked is None:
            refused = Verdict(Kind.MISMATCH, "prices on one basis and on another in turn")
            self._failures.follow(Fetched(fetched.job, refused), progress, active)
            return
        bars, anchors = marked
        times = frozenset(bar.exchange_time for bar in bars)
        answer = _Answer(fetched.job, fetched.verdict.zone, times, anchors)
        known = self._context.memory.fingerprints(series, min(times), max(times))
        known |= self._refused.get(series, {})
        intake = take_in(series, bars, known, MAX_RECORD_BYTES)
        self._refuse(series, intake.too_large)
        unchanged = len(bars) - len(intake.records) - len(intake.too_large)
        self._context.metrics.unchanged(unchanged)
        if intake.records:
            self._delivering[series] = answer
            self._context.delivery_thread.submit(PendingBars(series, deque(intake.records)))
        else:
            self._complete(answer, progress)

    def _complete(self, answer: _Answer, progress: Progress) -> None:
        """Every bar of the answer is in Kafka: keep how far the series has come."""
        context, job = self._context, answer.job
        if answer.times:
            self._failures.recovered(progress)
            self._see(answer)
        if answer.anchors:
            context.memory.keep_anchors(job.series, answer.anchors)
            reach("producer.anchors_kept")
        done = progress.complete(job.part, answer.times, job.market_at, answer.zone)
        if done.answered is not None:
            context.memory.add_answered(job.series, done.answered)
            reach("producer.month_added")
        if done.owed is not None:
            today = context.clocks.real().astimezone(UTC).date()
            context.memory.add_no_bars(job.series, done.owed, OWED, today)
            reach("producer.owed_kept")
            progress.history_day = None
        if done.high_water_mark is not None:
            progress.completed_at = context.clocks.monotonic()
            context.memory.cover(job.series, done.high_water_mark)
            reach("producer.covered")
            seconds = done.high_water_mark.asked_at.timestamp()
            context.metrics.covered(job.series.symbol, job.series.interval, seconds)
        self._tell_gap(answer, progress, done)

    def _tell_gap(self, answer: _Answer, progress: Progress, done: Completion) -> None:
        if not done.gap:
            return
        why = (
            "were in no answer of the API; bi.data_gaps shows them"
            if progress.premium
            else "cannot be had on this plan; bi.data_gaps shows them"
        )
        self._context.complaints.log.warning(
            "%s: the bars before %s that were missed %s",
            answer.job.series,
            min(answer.times, default="the outage's end"),
            why,
        )

    def _see(self, answer: _Answer) -> None:
        """Keep the symbol's first bar: only months before it may be empty for good."""
        job, memory = answer.job, self._context.memory
        oldest, _ = known_span(answer.times, job.market_at, answer.zone)
        symbol = job.series.symbol
        first = self._first_bars.get(symbol) or memory.first_bar(symbol)
        if oldest and (not first or oldest < first):
            memory.see_bar(symbol, oldest)
            reach("producer.first_bar_kept")
            first = oldest
        self._first_bars[symbol] = first

    def _refund(self, fetched: Fetched) -> None:
        if self._context.settings.plan.per_day is not None:
            self._context.memory.refund(fetched.job.called_at)
            reach("producer.call_refunded")
            self._context.pacer.refund(fetched.job.called_at)

    def _refuse(self, series: Series, records: list[Record] | tuple[Record, ...]) -> None:
        for record in records:
            self._refused.setdefault(series, {})[record.exchange_time] = record.fingerprint
            self._context.complaints.log.error(
                "%s: the bar of %s (%d bytes) is refused and left out",
                series,
                record.exchange_time[:40],
                len(record.value),
            )
        self._context.metrics.refused(len(records))
