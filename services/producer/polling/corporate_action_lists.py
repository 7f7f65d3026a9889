"""Asks for each symbol's splits and dividends: what is new is published, what is gone withdrawn.

A list is asked for once a day, before the day's trade begins, and where the day's calls are
limited once a week, if the bars leave a call; and at once when the price of a symbol has moved
overnight as it does by a split.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from services.common import topics
from services.common.fail_points import reach
from services.common.market.bar import PRICE_PATTERN, Bar
from services.producer.alpha_vantage.actions import Seen, fingerprint, identity, withdrawn
from services.producer.alpha_vantage.classify import Kind
from services.producer.polling.failures import FailureHandler
from services.producer.polling.fetch_pool import Fetched, Job
from services.producer.polling.series_state import Progress
from services.producer.publishing.delivery import PendingBars, Record
from services.producer.runtime import Context
from services.producer.series import ACTION_LISTS, COMPACT, HighWaterMark, Series

_BEFORE_TRADE: Final = timedelta(hours=8)
"""A day begins at 8:00 UTC, before New York's earliest trade."""
_WEEK_DAYS: Final = 7
_SHARE_OF_CALLS: Final = 10
"""One call in so many may be for a list."""
_JUMP: Final = Decimal("1.4")
"""No overnight move of this ratio is usual; the smallest usual split is 3:2."""


class ActionLists:
    """The lists of the symbols that are polled. `ask` lets a call leave, if one is due."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._failures = FailureHandler(context)
        self._progress: dict[Series, Progress] = {}
        self._asked_on: dict[Series, int] = {}
        self._jumps: dict[str, str] = {}
        self._at_once: set[Series] = set()
        self._next_at = float("-inf")

    def ask(self, symbols: Iterable[str], fetching: int, series_count: int) -> int:
        """Let at most one call leave; return how many did."""
        context, monotonic = self._context, self._context.clocks.monotonic()
        if context.once or not context.settings.corporate_actions or monotonic < self._next_at:
            return 0
        now = context.clocks.real()
        if fetching >= context.settings.fetch_parallel or not self._may_call(now, series_count):
            return 0
        due = self._due(symbols, monotonic)
        if due is None:
            self._next_at = monotonic + 1.0
            return 0
        self._submit(due, now, monotonic)
        return 1

    def fetched(self, fetched: Fetched, series_count: int) -> None:
        """Take an answer. Raises ProducerStoppedError if the key is refused."""
        series, progress = fetched.job.series, self._progress[fetched.job.series]
        self._context.metrics.answer(fetched.verdict.kind)
        if fetched.verdict.kind is not Kind.DATA:
            self._failures.follow(fetched, progress, series_count)
            progress.busy = False
            return
        self._failures.recovered(progress)
        progress.failing, progress.attempts = None, 0
        records = self._changed(fetched)
        if records:
            self._context.delivery_thread.submit(PendingBars(series, deque(records)))
            return
        self.delivered(series)

    def delivered(self, series: Series) -> None:
        """Take note that every action of an answer is in Kafka."""
        self._progress[series].busy = False
        asked_at = self._context.clocks.market()
        self._context.memory.cover(series, HighWaterMark(asked_at, "", asked_at))
        reach("producer.actions_covered")
        self._asked_on[series] = _day(asked_at)
        self._at_once.discard(series)

    def look_at(self, bars: Sequence[Bar]) -> None:
        """Have a symbol's lists asked for at once if its newest bars moved as by a split."""
        jumped_on = _newest_jump(bars)
        if jumped_on and jumped_on > self._jumps.get(bars[0].symbol, ""):
            self._jumps[bars[0].symbol] = jumped_on
            self._at_once |= {Series(bars[0].symbol, name) for name in ACTION_LISTS}
            self._next_at = float("-inf")

    def _may_call(self, now: datetime, series_count: int) -> bool:
        pacer, per_day = self._context.pacer, self._context.settings.plan.per_day
        if pacer.unreserved_wait_seconds(now, self._context.clocks.monotonic()) > 0:
            return False
        # Each series keeps a call of the day.
        return per_day is None or per_day - pacer.used_today(now) > series_count

    def _due(self, symbols: Iterable[str], monotonic: float) -> Series | None:
        today = _day(self._context.clocks.market())
        days = 1 if self._context.settings.plan.per_day is None else _WEEK_DAYS
        for symbol in dict.fromkeys(symbols):
            for series in (Series(symbol, name) for name in ACTION_LISTS):
                progress = self._known(series)
                is_due = series in self._at_once or today - self._asked_on[series] >= days
                if is_due and progress.may_ask(monotonic):
                    return series
        return None

    def _known(self, series: Series) -> Progress:
        if series not in self._progress:
            self._progress[series] = Progress(series, self._context.settings.plan.premium, None)
            mark = self._context.memory.high_water_mark(series)
            self._asked_on[series] = 0 if mark is None else _day(mark.asked_at)
        return self._progress[series]

    def _submit(self, series: Series, now: datetime, monotonic: float) -> None:
        context, progress, plan = self._context, self._progress[series], self._context.settings.plan
        if plan.per_day is not None:
            # Charged before it leaves: a crash cannot make the plan overspent.
            context.memory.charge(now, series)
        context.pacer.charge(now, monotonic)
        context.metrics.calls_today(context.pacer.used_today(now))
        reach("producer.actions_booked")
        progress.busy, progress.fill = True, deque([COMPACT])
        if plan.per_minute is not None:
            self._next_at = monotonic + 60 * _SHARE_OF_CALLS / plan.per_minute
        context.fetcher.submit(Job(series, COMPACT, context.clocks.market(), now))

    def _changed(self, fetched: Fetched) -> list[Record]:
        """Return records of what is new or changed, and of what the vendor no longer lists.

        An empty list withdraws nothing: the vendor's outages look like one.
        """
        series, actions = fetched.job.series, fetched.actions
        known = self._context.memory.fingerprints(series, "", "~")
        listed = {identity(action): action for action in actions}
        if listed and fetched.observed_at is not None:
            seen = Seen(series, self._context.settings.source.name, fetched.observed_at)
            listed |= {name: withdrawn(name, seen) for name in known.keys() - listed.keys()}
        return [
            Record(
                series,
                name,
                mark,
                action.key(),
                action.to_json(),
                action.observed_at,
                topics.ACTIONS.name,
            )
            for name, action in sorted(listed.items())
            if known.get(name) != (mark := fingerprint(action))
        ]


def _day(market_at: datetime) -> int:
    return (market_at - _BEFORE_TRADE).date().toordinal()


def _newest_jump(bars: Sequence[Bar]) -> str:
    """Return the date of the newest bar that opens far from the close of the session before."""
    jumped_on = ""
    days = [bar.exchange_time[:10] for bar in bars]
    for place, (earlier, later) in enumerate(pairwise(days)):
        if earlier == later:
            continue
        texts = (bars[place].ohlcv.close, bars[place + 1].ohlcv.open)
        if not all(re.fullmatch(PRICE_PATTERN, text, re.ASCII) for text in texts):
            continue
        least, most = sorted(map(Decimal, texts))
        if 0 < least * _JUMP <= most:
            jumped_on = later
    return jumped_on
