"""Asks for the quotes of the watch list in bulk: what is new is published.

A round asks for every symbol once, by groups, at even distances; the next begins a round's time
after it, however late a call was. While New York's market is closed there is none. A symbol that
the vendor leaves out is told of once and left out itself until the next day.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import date, datetime
from typing import Final

from services.common import topics
from services.common.fail_points import reach
from services.producer.alpha_vantage.classify import Kind, Verdict
from services.producer.alpha_vantage.quotes import fingerprint, groups_of
from services.producer.market_calendar import SETTLE
from services.producer.polling.failures import FailureHandler
from services.producer.polling.fetch_pool import Fetched, Job
from services.producer.polling.series_state import Progress
from services.producer.publishing.delivery import PendingBars, Record
from services.producer.runtime import Context
from services.producer.series import COMPACT, QUOTES, Series

_NEW_YORKS: Final = "AAPL"
"""Any symbol whose exchange is New York's: the vendor has quotes of no other."""
_NEWEST: Final = "newest"
"""A symbol has one quote; it is remembered in the place of a bar's time."""
_OF_ALL: Final = Series("*", QUOTES)
_REFUSALS_OF_ALL: Final = frozenset(
    (Kind.PREMIUM, Kind.NOT_ENTITLED, Kind.DEMO_KEY, Kind.BAD_FUNCTION)
)
"""Answers that are the same for every group."""
_NAMED: Final = 10


class BulkQuotes:
    """The quotes of the watch list. `ask` lets the calls leave that are due."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._failures = FailureHandler(context)
        self._progress: dict[Series, Progress] = {_OF_ALL: self._new(_OF_ALL)}
        self._known: dict[str, bytes] = {}
        self._missing: dict[str, date] = {}
        self._groups: list[Series] = []
        self._next = 0
        self._began_at = float("-inf")
        self._round_market_at: datetime | None = None
        self._answered_at = context.clocks.monotonic()

    def ask(self, fetching: int) -> int:
        """Let the calls leave that are due and allowed; return how many did."""
        context, asked = self._context, 0
        if context.once or not context.watchlist.quoted:
            return 0
        self._tell_waiting()
        while fetching + asked < context.settings.fetch_parallel:
            now, monotonic = context.clocks.real(), context.clocks.monotonic()
            if not self._is_due(monotonic) or context.pacer.wait_seconds(now, monotonic) > 0:
                break
            group = self._groups[self._next]
            self._next += 1
            progress = self._progress.setdefault(group, self._new(group))
            whole = self._progress[_OF_ALL]
            if progress.may_ask(monotonic) and whole.may_ask(monotonic):
                self._submit(progress, now, monotonic)
                asked += 1
        return asked

    def fetched(self, fetched: Fetched, series_count: int) -> None:
        """Take an answer. Raises ProducerStoppedError if the key is refused."""
        group, verdict = fetched.job.series, fetched.verdict
        progress = self._progress[group]
        self._context.metrics.answer(verdict.kind)
        if verdict.kind is Kind.DATA and not fetched.quotes:
            # An outage looks like this, too.
            verdict = Verdict(Kind.EMPTY, "no quote of any symbol")
        if verdict.kind is not Kind.DATA:
            self._fail(replace(fetched, verdict=verdict), series_count)
            progress.busy = False
            return
        for each in (progress, self._progress[_OF_ALL]):
            self._failures.recovered(each)
            each.failing, each.attempts = None, 0
        self._answered_at = self._context.clocks.monotonic()
        self._tell_missing(group.symbols, {quote.symbol for quote in fetched.quotes})
        records = self._changed(fetched)
        if records:
            self._context.delivery_thread.submit(PendingBars(group, deque(records)))
        else:
            progress.busy = False

    def delivered(self, delivered: PendingBars) -> None:
        """Take note that every quote of an answer is in Kafka."""
        reach("producer.quotes_delivered")
        self._progress[delivered.series].busy = False

    def _new(self, group: Series) -> Progress:
        return Progress(group, self._context.settings.plan.premium, None)

    def _is_due(self, monotonic: float) -> bool:
        seconds = self._context.watchlist.quote_seconds
        if self._next >= len(self._groups):
            if monotonic < self._began_at + seconds or not self._begin_round():
                return False
            # Late by more than a round, what was missed is not made up for.
            on_time = self._began_at + seconds
            self._began_at = on_time if monotonic < on_time + seconds else monotonic
        return monotonic >= self._began_at + self._next * seconds / len(self._groups)

    def _tell_waiting(self) -> None:
        """Tell since when no quotes have come; while New York is closed nobody waits for any."""
        context, monotonic = self._context, self._context.clocks.monotonic()
        market_now = context.clocks.market()
        session = context.sessions.latest(_NEW_YORKS, market_now)
        if session is None or not session.opens <= market_now < session.closes:
            self._answered_at = monotonic
        context.metrics.quotes_waiting(
            monotonic - self._answered_at, context.watchlist.quote_seconds
        )

    def _begin_round(self) -> bool:
        """Take up the watch list as it is now; return whether there is anything to ask for."""
        context, market_now = self._context, self._context.clocks.market()
        session = context.sessions.latest(_NEW_YORKS, market_now)
        ends = market_now if session is None else session.ends + SETTLE
        before = self._round_market_at
        if before is not None and market_now > ends and before >= ends:
            return False
        today = market_now.date()
        self._missing = {symbol: day for symbol, day in self._missing.items() if day == today}
        symbols = [each for each in context.watchlist.quoted if each not in self._missing]
        self._groups = [Series(",".join(group), QUOTES) for group in groups_of(symbols)]
        kept = {_OF_ALL, *self._groups}
        self._progress = {
            group: progress
            for group, progress in self._progress.items()
            if group in kept or progress.busy
        }
        self._next, self._round_market_at = 0, market_now
        return bool(self._groups)

    def _submit(self, progress: Progress, now: datetime, monotonic: float) -> None:
        context = self._context
        context.pacer.charge(now, monotonic, is_reserved=True)
        context.metrics.calls_today(context.pacer.used_today(now))
        reach("producer.quotes_booked")
        progress.busy, progress.fill = True, deque([COMPACT])
        context.fetcher.submit(Job(progress.series, COMPACT, context.clocks.market(), now))

    def _fail(self, fetched: Fetched, series_count: int) -> None:
        """What is refused for one group is refused for all: it is told and waited out once."""
        progress = self._progress[fetched.job.series]
        if fetched.verdict.kind in _REFUSALS_OF_ALL:
            progress = self._progress[_OF_ALL]
            if not progress.may_ask(self._context.clocks.monotonic()):
                return
            progress.fill = deque([COMPACT])
            fetched = replace(fetched, job=replace(fetched.job, series=_OF_ALL))
        self._failures.follow(fetched, progress, series_count)

    def _changed(self, fetched: Fetched) -> list[Record]:
        """Return records of the quotes that Kafka does not have as they are."""
        records = []
        for quote in fetched.quotes:
            series, mark = Series(quote.symbol, QUOTES), fingerprint(quote)
            if quote.symbol not in self._known:
                kept = self._context.memory.fingerprints(series, _NEWEST, _NEWEST)
                self._known[quote.symbol] = kept.get(_NEWEST, b"")
            if self._known[quote.symbol] == mark:
                continue
            # Sent in this process at most once: a delivery that fails is tried until it is done.
            self._known[quote.symbol] = mark
            records.append(
                Record(
                    *(series, _NEWEST, mark, quote.key(), quote.to_json(), quote.observed_at),
                    topics.QUOTES.name,
                )
            )
        self._context.metrics.unchanged(len(fetched.quotes) - len(records))
        return records

    def _tell_missing(self, asked: tuple[str, ...], found: set[str]) -> None:
        today = self._context.clocks.market().date()
        missing = [symbol for symbol in asked if symbol not in found]
        self._missing |= dict.fromkeys(missing, today)
        self._context.metrics.quotes(len(self._context.watchlist.quoted), len(self._missing))
        if missing:
            more = f" and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
            self._context.complaints.log.warning(
                "the vendor has no quote of %s%s; asked for again on another day",
                ", ".join(missing[:_NAMED]),
                more,
            )
