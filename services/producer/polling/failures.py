"""Follows answers that brought no bars: what becomes of the series, or of all calls, and who hears.

In: an answer of the API that is not data. Out: waits set, state kept, one line for the operator.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from services.common.fail_points import reach
from services.producer.alpha_vantage.classify import REFUSALS, Kind, Verdict
from services.producer.alpha_vantage.quota_planner import share, spacing_seconds
from services.producer.alpha_vantage.retry_policy import (
    LIMITS,
    Action,
    Consequence,
    Trial,
    consequence,
)
from services.producer.metrics import StopCause
from services.producer.polling.backfill import is_believed
from services.producer.polling.fetch_pool import Fetched, Job
from services.producer.polling.series_state import Progress
from services.producer.runtime import Context, ProducerStoppedError
from services.producer.series import Failing


class FailureHandler:
    """Handles one answer without bars at a time."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._dice = random.Random()  # noqa: S311 - jitter, no secret
        self._limits = 0
        self._limited_at: datetime | None = None

    def recovered(self, progress: Progress) -> None:
        """Take note that a series has had bars: what stood against it is forgotten."""
        self._limits = 0
        if progress.failing is None:
            return
        self._context.memory.forget_failing(progress.series)
        reach("producer.failing_forgotten")
        if progress.given_up:
            self._context.complaints.log.info("%s has bars again", progress.series)

    def follow(self, fetched: Fetched, progress: Progress, active: int) -> bool:
        """Do what follows from the answer; return whether its slice is done with, without bars.

        Raises ProducerStoppedError if the key is refused.
        """
        job, verdict = fetched.job, fetched.verdict
        now, monotonic = self._context.clocks.real(), self._context.clocks.monotonic()
        then = consequence(verdict, self._trial(fetched, progress, active, now), now, self._dice)
        if then.action is Action.EXIT:
            raise ProducerStoppedError(
                f"the API refuses the key: {verdict.wording} - put a valid key into "
                "ALPHA_VANTAGE_KEY, or into the file that ALPHA_VANTAGE_KEY_FILE names",
                exit_code=2,
                cause=StopCause.KEY_REFUSED,
            )
        if then.action is Action.NO_BARS:
            self._keep_no_bars(job, verdict, now)
            return True
        if then.action is Action.RETRY:
            self._retry(fetched, progress, then, now)
            return False
        if then.action is Action.STEP_DOWN:
            progress.step_down(job.part)
            self._say(verdict, f"{job.series} is asked for without its past")
            return False
        progress.fail(job.part, is_limit=True)
        if then.action is Action.PAUSE_ALL:
            self._context.pacer.pause(then.seconds, monotonic)
            self._say(verdict, f"all calls wait {then.seconds:.0f} s")
        elif then.until is not None:
            self._context.memory.stop_until(then.until)
            reach("producer.stop_kept")
            self._context.pacer.stop_until(then.until)
            self._say(verdict, f"no calls before {then.until:%Y-%m-%d %H:%M} UTC")
        return False

    def _trial(self, fetched: Fetched, progress: Progress, active: int, now: datetime) -> Trial:
        job, plan = fetched.job, self._context.settings.plan
        beside = progress.is_history(job.part)
        failing = None if beside else progress.failing
        calls = share(plan, active)
        if calls is not None:
            calls -= self._context.memory.calls_of(job.series, now.astimezone(UTC).date())
        return Trial(
            part=job.part,
            attempts=1
            + (progress.history_attempts if beside else failing.attempts if failing else 0),
            since=failing.since if failing else now,
            worked=progress.high_water_mark is not None,
            beside=beside,
            limits=self._limits_in_a_row(job, now) if fetched.verdict.kind in LIMITS else 0,
            spacing_seconds=spacing_seconds(plan, active),
            calls_left=calls,
        )

    def _limits_in_a_row(self, job: Job, now: datetime) -> int:
        """Count the answers that followed the pause before; those under way when it began are one
        with it."""
        if self._limited_at is None or job.called_at > self._limited_at:
            self._limits, self._limited_at = self._limits + 1, now
        return self._limits

    def _retry(
        self, fetched: Fetched, progress: Progress, then: Consequence, now: datetime
    ) -> None:
        job, verdict = fetched.job, fetched.verdict
        retry_at = self._context.clocks.monotonic() + then.seconds
        is_history = progress.is_history(job.part)
        progress.fail(job.part)
        if is_history:
            progress.history_retry_at = retry_at
        else:
            progress.retry_at = retry_at
            progress.refused = verdict.kind in REFUSALS
            self._keep_failing(verdict, progress, then, now)
        text = f"{job.series} is tried again in {_span(then.seconds)}"
        if then.given_up and not is_history:
            self._context.complaints.log.error(
                "%s is given up for now (%s): %s; it is tried again in %s",
                job.series,
                verdict.kind.value,
                verdict.wording or "(no words)",
                _span(then.seconds),
            )
        else:
            self._say(verdict, text)

    def _keep_failing(
        self, verdict: Verdict, progress: Progress, then: Consequence, now: datetime
    ) -> None:
        """What costs no call says nothing of the series."""
        if verdict.kind is Kind.UNREACHABLE:
            return
        before = progress.failing
        progress.failing = Failing(
            verdict.kind.value,
            before.attempts + 1 if before else 1,
            before.since if before else now,
            now + timedelta(seconds=then.seconds),
            then.given_up,
        )
        self._context.memory.keep_failing(progress.series, progress.failing)
        reach("producer.failing_kept")

    def _keep_no_bars(self, job: Job, verdict: Verdict, now: datetime) -> None:
        """Keep that a slice has no bars, or that it is to be asked for again on another day."""
        memory, log = self._context.memory, self._context.complaints.log
        today = now.astimezone(UTC).date()
        first_bar = memory.first_bar(job.series.symbol)
        no_bars = memory.add_no_bars(job.series, job.part, verdict.kind.value, today)
        reach("producer.no_bars_kept")
        if not is_believed(job.part, no_bars, first_bar):
            log.warning(
                "%s: the API answered %s for %s, although there are older bars; it is asked again "
                "on another day",
                job.series,
                verdict.kind.value,
                job.part,
            )
        elif job.part.month < first_bar[:7]:
            log.info("%s has no bars in %s", job.series, job.part)
        else:
            log.warning(
                "%s has no bars in %s: the API said so on %s, too; bi.data_gaps shows them",
                job.series,
                job.part,
                no_bars.first_on,
            )

    def _say(self, verdict: Verdict, then: str) -> None:
        subject = f"{verdict.kind.value} {verdict.wording}"
        text = f"the API answered {verdict.kind.value}: {verdict.wording or '(no words)'}; {then}"
        self._context.complaints.say(subject, text, self._context.clocks.monotonic())


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 7_200 else f"{seconds / 3_600:.0f} h"
