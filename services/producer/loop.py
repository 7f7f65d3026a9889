"""The producer's loop: asks for what is due, takes what comes back, says that it is alive.

Answers come from the fetcher's threads and deliveries from the delivery thread, through one
inbox, so that everything here runs on one thread.
"""

from __future__ import annotations

import queue
from typing import Final

from services.common.fail_points import reach
from services.producer.metrics import StopCause
from services.producer.polling.bulk_quotes import BulkQuotes
from services.producer.polling.cadence import Pace, Phase, pause_seconds
from services.producer.polling.corporate_action_lists import ActionLists
from services.producer.polling.fetch_pool import Fetched
from services.producer.polling.freshness import FreshnessWatch
from services.producer.polling.scheduler import Scheduler
from services.producer.polling.series_state import Progress
from services.producer.publishing.delivery import PendingBars
from services.producer.publishing.response_handler import ResponseHandler
from services.producer.runtime import Context, ProducerStoppedError
from services.producer.series import ACTION_LISTS, DAY, QUOTES, Series

ONCE_ATTEMPTS: Final = 5
"""With --once a series is given up after so many failures in a row."""
STUCK_SECONDS: Final = 60.0
"""The heartbeat stops when bars have waited this long without one being acknowledged."""
_BEAT_SECONDS: Final = 2.0
_PRUNE_SECONDS: Final = 86_400.0


class Poller:
    """Polls every series of the roster until `stop` is set, or once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._asker = Scheduler(context)
        self._taker = ResponseHandler(context)
        self._lists = ActionLists(context)
        self._quotes = BulkQuotes(context)
        self._freshness = FreshnessWatch(context.sessions.latest, self._poll_seconds)
        self._progress: dict[Series, Progress] = {}
        self._beat_at = self._prune_at = float("-inf")
        self._follow_roster()
        self._tell_given_up()

    def run(self) -> int:
        """Poll until stopped; return the exit code.

        Raises ProducerStoppedError or MemoryFailedError if the producer cannot go on.
        """
        while not self._context.stop.is_set():
            self.step()
            if self._context.once and self._is_done():
                return self._outcome()
        return 0

    def step(self) -> None:
        """Go once round the loop: ask for what is due, take what is there or arrives soon."""
        if self._context.watchlist.refresh(self._context.clocks.monotonic()):
            self._follow_roster()
        wanted = self._context.watchlist.series
        self._asker.fetching += self._quotes.ask(self._asker.fetching)
        symbols = (series.symbol for series in wanted if series.market.has_actions)
        self._asker.fetching += self._lists.ask(symbols, self._asker.fetching, len(wanted))
        self._take_messages(self._asker.ask(self._active()))
        self._look_after()

    def _follow_roster(self) -> None:
        wanted = self._context.watchlist.series
        self._context.pacer.reserved_a_minute = self._context.watchlist.reserved_a_minute
        if not self._progress:
            self._context.memory.keep_failing_only_of(wanted)
            reach("producer.failing_pruned")
        for series in wanted:
            progress = self._progress.get(series)
            if progress is None:
                self._progress[series] = self._asker.start(series, len(wanted))
            elif progress.retired:
                self._context.memory.forget_failing(series)
                reach("producer.wanted_again")
                progress.start_anew()
        for series, progress in self._progress.items():
            progress.retired = series not in wanted
        self._count_series()

    def _tell_given_up(self) -> None:
        for progress in self._active():
            failing = progress.failing
            if failing is not None and failing.given_up:
                self._context.complaints.log.warning(
                    "%s is given up since %s UTC (%s); it is tried again by %s UTC",
                    progress.series,
                    f"{failing.since:%Y-%m-%d %H:%M}",
                    failing.kind,
                    f"{failing.retry_at:%Y-%m-%d %H:%M}",
                )

    def _active(self) -> list[Progress]:
        return [progress for progress in self._progress.values() if not progress.retired]

    def _take_messages(self, wait_seconds: float) -> None:
        active = len(self._context.watchlist.series)
        try:
            message = self._context.inbox.get(timeout=wait_seconds)
            while True:
                if isinstance(message, Fetched):
                    self._asker.fetching -= 1
                    self._take_answer(message, active)
                elif isinstance(message, PendingBars):
                    self._take_delivery(message)
                message = self._context.inbox.get_nowait()
        except queue.Empty:
            return

    def _take_answer(self, fetched: Fetched, active: int) -> None:
        if fetched.job.series.interval in ACTION_LISTS:
            self._lists.fetched(fetched, active)
            return
        if fetched.job.series.interval == QUOTES:
            self._quotes.fetched(fetched, active)
            return
        if fetched.job.series.market.has_actions:
            self._lists.look_at(fetched.bars)
        self._taker.fetched(fetched, self._progress[fetched.job.series], active)

    def _take_delivery(self, delivered: PendingBars) -> None:
        if delivered.series.interval in ACTION_LISTS:
            self._lists.delivered(delivered.series)
            return
        if delivered.series.interval == QUOTES:
            self._quotes.delivered(delivered)
            return
        self._taker.delivered(delivered, self._progress[delivered.series])

    def _look_after(self) -> None:
        context, monotonic = self._context, self._context.clocks.monotonic()
        if context.delivery_thread.failure is not None:
            raise context.delivery_thread.failure
        if not context.delivery_thread.is_alive() or not context.fetcher.is_alive():
            raise ProducerStoppedError("a thread of the producer ended on a fault of its own", 1)
        if monotonic >= self._beat_at and context.delivery_thread.stuck_seconds() < STUCK_SECONDS:
            self._beat_at = monotonic + _BEAT_SECONDS
            context.beat()
            context.metrics.beat()
            self._count_series()
            self._stop_if_nothing_is_left()
        if monotonic >= self._prune_at:
            self._prune_at = monotonic + _PRUNE_SECONDS
            context.memory.prune(context.clocks.market())
            reach("producer.pruned")
            self._tell_ending_calendars()

    def _tell_ending_calendars(self) -> None:
        symbols = {progress.series.symbol for progress in self._active()}
        self._context.metrics.calendars(self._context.sessions.ends(symbols))
        for code, end in self._context.sessions.ending(symbols, self._context.clocks.market()):
            self._context.complaints.log.warning(
                "the calendar of %s ends with %s: later weekdays are assumed to be sessions, and "
                "no gap in them is told; take a release with a newer calendar",
                code,
                end,
            )

    def _count_series(self) -> None:
        active = self._active()
        given_up = sum(1 for progress in active if progress.given_up)
        context = self._context
        context.metrics.series(len(active), given_up)
        market_now, monotonic = context.clocks.market(), context.clocks.monotonic()
        context.metrics.freshness(self._freshness.look(active, market_now, monotonic))

    def _poll_seconds(self, series: Series) -> float:
        settings, count = self._context.settings, len(self._context.watchlist.series)
        pace = Pace(self._context.watchlist.bar_plan, count, settings.poll_seconds)
        return pause_seconds(Phase.OPEN, series, settings.source.freshness(series), pace)

    def _stop_if_nothing_is_left(self) -> None:
        """End where a person has to act: nothing has ever worked, and all has just been refused."""
        active, settings = self._active(), self._context.settings
        if settings.symbols_file is None and all(
            progress.refused and progress.high_water_mark is None for progress in active
        ):
            raise ProducerStoppedError(
                "the API refuses every series (see above); check SYMBOLS, INTERVALS, "
                "ALPHA_VANTAGE_PLAN and ALPHA_VANTAGE_ENTITLEMENT against the key",
                exit_code=2,
                cause=StopCause.ALL_REFUSED,
            )

    def _is_done(self) -> bool:
        active = self._active()
        if any(progress.busy for progress in active):
            return False
        now = self._context.clocks.real()
        return self._context.pacer.stopped(now) or all(
            _is_given_up(progress)
            or (progress.polled and not progress.fill and not self._has_history(progress))
            for progress in active
        )

    def _has_history(self, progress: Progress) -> bool:
        if progress.history:
            return True
        series = progress.series
        has_months = series.interval != DAY and series.market.has_months
        if progress.history_day is not None or not has_months:
            return False
        return self._context.settings.history_months > 0

    def _outcome(self) -> int:
        failed = [str(each.series) for each in self._active() if not each.polled]
        if failed:
            self._context.complaints.log.error("without an answer: %s", ", ".join(failed))
        return 1 if failed else 0


def _is_given_up(progress: Progress) -> bool:
    return progress.refused or progress.attempts >= ONCE_ATTEMPTS
