"""Says how long the series of each market have waited for an answer while it is open. Pure.

In: the state of every series, the instant of the market's clock and the monotonic one. Out: for
each exchange whether it is open, and since how long the series that waits longest has waited. Time
before the opening does not count, so that nobody is woken for what a closed market does not have.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.common.market.exchanges import exchange_of
from services.producer.market_calendar import Session
from services.producer.polling.series_state import Progress
from services.producer.series import DAY, Series

Latest = Callable[[str, datetime], Session | None]
"""The session of a symbol that started last, as `Sessions.latest` gives it."""


@dataclass(frozen=True)
class Freshness:
    """How an exchange stands. Seconds are real ones, whatever the market's clock does.

    `waiting_seconds`: of the series of bars of minutes that waits longest, since its last complete
    answer or the opening; 0 while it is closed. `poll_seconds`: what lies between two of its calls.
    """

    is_open: bool
    waiting_seconds: float
    poll_seconds: float


class FreshnessWatch:
    """Remembers when each exchange was first seen open."""

    def __init__(self, latest: Latest, poll_seconds: Callable[[Series], float]) -> None:
        self._latest = latest
        self._poll_seconds = poll_seconds
        self._opened_at: dict[str, float] = {}

    def look(
        self, active: Iterable[Progress], market_now: datetime, monotonic: float
    ) -> Mapping[str, Freshness]:
        """Return how the exchanges of the series stand, by their codes."""
        by_exchange = defaultdict[str, list[Progress]](list)
        for progress in active:
            exchange = exchange_of(progress.series.symbol)
            if exchange is not None:
                by_exchange[exchange.code].append(progress)
        return {
            code: self._of_exchange(code, series, market_now, monotonic)
            for code, series in sorted(by_exchange.items())
        }

    def _of_exchange(
        self, code: str, active: list[Progress], market_now: datetime, monotonic: float
    ) -> Freshness:
        session = self._latest(active[0].series.symbol, market_now)
        if session is None or not session.opens <= market_now < session.closes:
            self._opened_at.pop(code, None)
            return Freshness(is_open=False, waiting_seconds=0.0, poll_seconds=0.0)
        opened_at = self._opened_at.setdefault(code, monotonic)
        # A day's bar comes after the close; what is given up has an alarm of its own.
        polled = [one for one in active if one.series.interval != DAY and not one.given_up]
        waits = (monotonic - max(one.completed_at, opened_at) for one in polled)
        pauses = (self._poll_seconds(one.series) for one in polled)
        return Freshness(True, max(waits, default=0.0), max(pauses, default=0.0))
