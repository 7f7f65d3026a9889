"""How far one series has come: what it is asked for next, and what an answer completes. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.producer.history import leaves_gap
from services.producer.series import FULL, Coverage, Series, Slice

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d( \d\d:\d\d:\d\d)?")
_EXCHANGE_ZONE: Final = "US/Eastern"


@dataclass(frozen=True)
class Completion:
    """What is to be kept after an answer is in Kafka, and whether bars before it are missing."""

    coverage: Coverage | None = None
    month: str = ""
    gap: bool = False


@dataclass
class Progress:
    """The state of one series in this process. Instants without a zone are monotonic seconds."""

    series: Series
    premium: bool
    coverage: Coverage | None
    fill: deque[Slice] = field(default_factory=deque)
    history: deque[Slice] = field(default_factory=deque)
    history_known: bool = False
    busy: bool = False
    asked_bars: int = 0
    retired: bool = False
    blocked: bool = False
    polled: bool = False
    attempts: int = 0
    asked_at: float = float("-inf")
    live_at: float = float("-inf")
    retry_at: float = float("-inf")
    _history_turn: bool = False
    _fill_asked_at: datetime | None = None
    _fill_newest: str = ""

    def may_ask(self, monotonic: float) -> bool:
        """Return whether nothing stands against a call for this series."""
        return not (self.busy or self.retired or self.blocked) and monotonic >= self.retry_at

    def next_part(self, live: bool, slices: Iterable[Slice]) -> Slice | None:
        """Return what to ask for next. `live`: the newest bars are wanted, through `slices`.

        Live calls and further history take turns, so that neither starves the other.
        """
        if self.fill:
            return self.fill[0]
        if self.history and self.coverage is not None and (self._history_turn or not live):
            return self.history[0]
        if not live:
            return None
        self.fill = deque(slices)
        self._fill_asked_at, self._fill_newest = None, ""
        return self.fill[0]

    def fail(self) -> None:
        """Take note that a call brought no bars."""
        self.busy = False
        self.attempts += 1
        if self._fill_asked_at is None:
            # When the answers come back, more may be missing than now.
            self.fill.clear()
            self.live_at = float("-inf")

    def complete(
        self, part: Slice, times: Collection[str], market_at: datetime, zone: str
    ) -> Completion:
        """Take note that every bar of an answer is in Kafka. `times` are its exchange times."""
        self.busy, self.attempts = False, 0
        if not self.fill or self.fill[0] != part:
            self._history_turn = False
            if self.history and self.history[0] == part:
                self.history.popleft()
            return Completion(month=part.month)
        self.fill.popleft()
        gap = part.extent == "compact" and leaves_gap(self.coverage, times)
        if gap and self.premium:
            # The answer did not reach back to what is known: a longer one is needed first.
            self.fill = deque([FULL])
            return Completion()
        if self._fill_asked_at is None:
            self._fill_asked_at = market_at
            self._fill_newest = newest_time(times, market_at, zone)
        if self.fill:
            return Completion()
        self.polled = self._history_turn = True
        return Completion(coverage=self._covered(self._fill_asked_at), gap=gap)

    def _covered(self, asked_at: datetime) -> Coverage:
        known = self.coverage
        newest = max(self._fill_newest, known.newest_bar if known else "")
        first = known.first_asked_at if known else asked_at
        self.coverage = Coverage(
            max(asked_at, known.asked_at if known else asked_at), newest, first
        )
        return self.coverage


def newest_time(times: Collection[str], market_at: datetime, zone: str) -> str:
    """Return the newest exchange time that is one and is not ahead of the market, or ""."""
    try:
        local = market_at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = market_at.astimezone(ZoneInfo(_EXCHANGE_ZONE))
    limit = local.strftime("%Y-%m-%d %H:%M:%S")
    return max((text for text in times if _TIME.fullmatch(text) and text <= limit), default="")
