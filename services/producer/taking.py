"""Takes what comes back: bars go to the courier, other answers have their consequence."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import Final

from services.common.fail_points import reach
from services.producer.answers import Action, Trial, consequence
from services.producer.context import Context, ProducerStoppedError
from services.producer.courier import Parcel, Record
from services.producer.envelopes import Kind, Verdict
from services.producer.fetch import Fetched, Job
from services.producer.intake import take_in
from services.producer.progress import Progress
from services.producer.series import Series

MAX_RECORD_BYTES: Final = 1_000_000
"""What a bar may weigh: a little less than the limit of 1 MiB that brokers have."""


@dataclass(frozen=True)
class _Answer:
    """What is kept of an answer while its bars are on their way."""

    job: Job
    zone: str
    times: frozenset[str]


class Taker:
    """Handles one answer or one delivered parcel at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._dice = random.Random()  # noqa: S311 - jitter, no secret
        self._delivering: dict[Series, _Answer] = {}
        # What no broker takes is not tried again until its content changes.
        self._refused: dict[Series, dict[str, bytes]] = {}

    def fetched(self, fetched: Fetched, progress: Progress) -> None:
        """Take an answer. Raises ProducerStoppedError if the key is refused."""
        verdict = fetched.verdict
        self._context.metrics.answer(verdict.kind)
        reach("producer.fetched")
        if verdict.kind is Kind.UNREACHABLE:
            self._refund(fetched)
        if verdict.kind is Kind.DATA:
            self._publish(fetched, progress)
        else:
            self._follow(fetched, progress)

    def delivered(self, parcel: Parcel, progress: Progress) -> None:
        """Take note that Kafka has answered for every bar of a parcel."""
        self._refuse(parcel.series, parcel.refused)
        self._complete(self._delivering.pop(parcel.series), progress)

    def _publish(self, fetched: Fetched, progress: Progress) -> None:
        series = fetched.job.series
        times = frozenset(bar.exchange_time for bar in fetched.bars)
        answer = _Answer(fetched.job, fetched.verdict.zone, times)
        known = self._context.memory.fingerprints(series, min(times), max(times))
        known |= self._refused.get(series, {})
        intake = take_in(series, fetched.bars, known, MAX_RECORD_BYTES)
        self._refuse(series, intake.too_large)
        unchanged = len(fetched.bars) - len(intake.records) - len(intake.too_large)
        self._context.metrics.unchanged(unchanged)
        if intake.records:
            self._delivering[series] = answer
            self._context.courier.submit(Parcel(series, deque(intake.records)))
        else:
            self._complete(answer, progress)

    def _complete(self, answer: _Answer, progress: Progress) -> None:
        """Every bar of the answer is in Kafka: keep how far the series has come."""
        context, job = self._context, answer.job
        done = progress.complete(job.part, answer.times, job.market_at, answer.zone)
        if done.month:
            context.memory.add_month(job.series, done.month)
            reach("producer.month_added")
        if done.coverage is not None:
            context.memory.cover(job.series, done.coverage)
            reach("producer.covered")
            seconds = done.coverage.asked_at.timestamp()
            context.metrics.covered(job.series.symbol, job.series.interval, seconds)
        if done.gap:
            context.complaints.log.warning(
                "%s: the bars before %s that were missed cannot be had on this plan",
                job.series,
                min(answer.times),
            )

    def _follow(self, fetched: Fetched, progress: Progress) -> None:
        context, job, verdict = self._context, fetched.job, fetched.verdict
        now, monotonic = context.clocks.real(), context.clocks.monotonic()
        capped = context.settings.plan.per_day is not None
        trial = Trial(job.part, progress.attempts + 1, capped)
        then = consequence(verdict, trial, now, self._dice)
        if then.action is Action.EXIT:
            raise ProducerStoppedError(
                f"the API refuses the key: {verdict.wording} - put a valid key into "
                "ALPHA_VANTAGE_KEY, or into the file that ALPHA_VANTAGE_KEY_FILE names",
                exit_code=2,
            )
        if then.action is Action.SKIP_MONTH:
            context.complaints.log.info("%s has no bars in %s", job.series, job.part)
            self._complete(_Answer(job, "", frozenset()), progress)
            return
        progress.fail()
        if then.action is Action.PAUSE_ALL:
            context.pacer.pause(then.seconds, monotonic)
            self._say(verdict, f"all calls wait {then.seconds:.0f} s", monotonic)
        elif then.action is Action.STOP_UNTIL and then.until is not None:
            context.memory.stop_until(then.until)
            reach("producer.stop_kept")
            context.pacer.stop_until(then.until)
            self._say(verdict, f"no calls before {then.until:%Y-%m-%d %H:%M} UTC", monotonic)
        elif then.action is Action.BLOCK:
            progress.blocked = True
            context.complaints.log.error(
                "%s is given up (%s): %s", job.series, verdict.kind.value, verdict.wording
            )
        else:
            progress.retry_at = monotonic + then.seconds
            self._say(verdict, f"{job.series} is tried again in {then.seconds:.0f} s", monotonic)

    def _say(self, verdict: Verdict, then: str, monotonic: float) -> None:
        subject = f"{verdict.kind.value} {verdict.wording}"
        text = f"the API answered {verdict.kind.value}: {verdict.wording or '(no words)'}; {then}"
        self._context.complaints.say(subject, text, monotonic)

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
