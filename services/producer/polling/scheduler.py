"""Decides which series is asked for next, charges the call to the plan and lets it leave."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from services.common.fail_points import reach
from services.producer.alpha_vantage.classify import LONGEST_WAIT_SECONDS
from services.producer.alpha_vantage.quota_planner import attempt_seconds, has_full
from services.producer.polling.backfill import history_months, open_slices, slices_to_fill
from services.producer.polling.cadence import Market, Pace, Phase, lag, pause_seconds, phase
from services.producer.polling.fetch_pool import Job
from services.producer.polling.series_state import Progress
from services.producer.runtime import Context
from services.producer.series import DAY, Series, Slice, most_bars

MAX_WAITING_BARS: Final = 20_000
"""No more is fetched while more bars than this wait for Kafka."""
MAX_ASKED_BARS: Final = 45_000
"""No more bars than this are on their way at a time, two months of minutes: they take memory."""
_SHORTEST_SECONDS: Final = 0.02


class Scheduler:
    """Submits jobs to the fetcher. `fetching` counts those that have not come back."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._plan = context.settings.plan
        self.fetching = 0

    def start(self, series: Series, count: int) -> Progress:
        """Return the state of a series that begins to be polled, one of `count`."""
        context = self._context
        high_water_mark = context.memory.high_water_mark(series)
        progress = Progress(series, has_full(self._plan, series), high_water_mark)
        if context.once:
            return progress
        progress.failing = failing = context.memory.failing(series)
        if self._plan.per_day is not None:
            # A restart is no reason to spend a call before its time.
            monotonic = context.clocks.monotonic()
            if high_water_mark is not None:
                age = (context.clocks.market() - high_water_mark.asked_at).total_seconds()
                spacing = attempt_seconds(self._plan, count, series.interval)
                progress.live_at = monotonic + max(0.0, spacing - age)
            if failing is not None:
                wait = (failing.retry_at - context.clocks.real()).total_seconds()
                progress.retry_at = monotonic + min(wait, LONGEST_WAIT_SECONDS)
        return progress

    def ask(self, active: Sequence[Progress]) -> float:
        """Let every call leave that is due and allowed; return the seconds until the next look."""
        context = self._context
        if context.delivery_thread.waiting() > MAX_WAITING_BARS:
            return context.tick_seconds
        # The one that has waited longest comes first.
        room = MAX_ASKED_BARS - sum(each.asked_bars for each in active if each.busy)
        for progress in sorted(active, key=lambda each: each.asked_at):
            now, monotonic = context.clocks.real(), context.clocks.monotonic()
            wait = context.pacer.unreserved_wait_seconds(now, monotonic)
            if wait > 0:
                return min(context.tick_seconds, max(_SHORTEST_SECONDS, wait))
            if self.fetching >= self._parallel():
                return context.tick_seconds  # the answer that frees a thread wakes the loop
            if progress.may_ask(monotonic) and _may_fit(progress, room):
                room -= self._ask(progress, active, now, room)
        return min(context.tick_seconds, _until_due(active, context.clocks.monotonic()))

    def _parallel(self) -> int:
        """Return how many calls may be under way; one is kept for quotes, which are never late."""
        parallel = self._context.settings.fetch_parallel
        return max(1, parallel - 1) if self._context.watchlist.quoted else parallel

    def _ask(self, progress: Progress, active: Sequence[Progress], now: datetime, room: int) -> int:
        """Let a call leave if the series wants one that fits; return the bars it may bring."""
        context, market_now = self._context, self._context.clocks.market()
        monotonic = context.clocks.monotonic()
        pace = Pace(context.watchlist.bar_plan, len(active), context.settings.poll_seconds)
        freshness = context.settings.source.freshness(progress.series)
        market = self._market(progress.series, market_now)
        at = phase(progress.series, progress.high_water_mark, market, freshness, pace)
        live = at is not Phase.IDLE and monotonic >= progress.live_at
        if context.once:
            live = not progress.polled
        self._look_up_history(progress)
        slices = self._slices(progress, market_now, freshness) if live else []
        part = progress.next_part(live, slices, monotonic >= progress.history_retry_at)
        if part is None or most_bars(progress.series, part) > room:
            return 0
        self._charge(progress.series, now, monotonic)
        reach("producer.call_booked")
        progress.busy, progress.asked_at = True, monotonic
        progress.asked_bars = most_bars(progress.series, part)
        progress.live_at = monotonic + pause_seconds(at, progress.series, freshness, pace)
        self.fetching += 1
        context.fetcher.submit(Job(progress.series, part, market_now, now))
        return progress.asked_bars

    def _charge(self, series: Series, now: datetime, monotonic: float) -> None:
        context = self._context
        if self._plan.per_day is not None:
            # Charged before it leaves: a crash cannot make the plan overspent.
            context.memory.charge(now, series)
        context.pacer.charge(now, monotonic)
        context.metrics.calls_today(context.pacer.used_today(now))

    def _market(self, series: Series, now: datetime) -> Market | None:
        sessions = self._context.sessions
        latest, closed = sessions.latest(series.symbol, now), sessions.closed(series.symbol, now)
        return None if latest is None or closed is None else Market(now, latest, closed)

    def _look_up_history(self, progress: Progress) -> None:
        """Once a day, since what came without bars is asked for again on another one."""
        high_water_mark, series, context = progress.high_water_mark, progress.series, self._context
        today = context.clocks.real().date()
        if high_water_mark is None or progress.history_day == today:
            return
        no_bars, months = context.memory.no_bars(series), list[Slice]()
        if series.interval != DAY and series.market.has_months:
            done = context.memory.months(series)
            months = history_months(high_water_mark, done, context.settings.history_months)
        first_bar = context.memory.first_bar(series.symbol)
        progress.history = deque(open_slices(months, no_bars, first_bar, today))
        progress.history_day = today

    def _slices(self, progress: Progress, market_now: datetime, freshness: str) -> list[Slice]:
        high_water_mark, series, missed = progress.high_water_mark, progress.series, 0
        if high_water_mark is not None:
            since = high_water_mark.asked_at - lag(freshness)
            missed = self._context.sessions.bars_between(series, since, market_now)
        return slices_to_fill(high_water_mark, missed, progress.premium)


def _may_fit(progress: Progress, room: int) -> bool:
    # What it goes on with is known; to work out for a thousand series that none of them fits, each
    # time that one answer comes, took longer than the answers.
    return not progress.fill or most_bars(progress.series, progress.fill[0]) <= room


def _until_due(active: Sequence[Progress], monotonic: float) -> float:
    waits = [
        wait
        for progress in active
        if not progress.busy
        if (wait := max(progress.live_at, progress.retry_at) - monotonic) > 0
    ]
    return max(_SHORTEST_SECONDS, min(waits, default=1.0))
