"""How far one series has come: what it is asked for next, and what an answer completes. Pure."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.producer.polling.backfill import months_back, reaches
from services.producer.series import COMPACT, DAY, FULL, Failing, HighWaterMark, Series, Slice

STEP_DOWN_FAILURES: Final = 2
"""After so many failures in a row of a full answer a compact one is tried."""
_TIME: Final = re.compile(r"(?:1999|2\d{3})-\d\d-\d\d( \d\d:\d\d:\d\d)?")
_EXCHANGE_ZONE: Final = "US/Eastern"


@dataclass(frozen=True)
class Completion:
    """What is to be kept after an answer is in Kafka: the coverage, the slice of history that has
    its bars, a slice that is still owed; and whether bars before the answers are missing."""

    high_water_mark: HighWaterMark | None = None
    answered: Slice | None = None
    owed: Slice | None = None
    gap: bool = False


@dataclass
class Progress:
    """The state of one series in this process. Instants without a zone are monotonic seconds."""

    series: Series
    premium: bool
    high_water_mark: HighWaterMark | None
    fill: deque[Slice] = field(default_factory=deque)
    history: deque[Slice] = field(default_factory=deque)
    history_day: date | None = None
    busy: bool = False
    asked_bars: int = 0
    retired: bool = False
    refused: bool = False
    failing: Failing | None = None
    polled: bool = False
    attempts: int = 0
    asked_at: float = float("-inf")
    live_at: float = float("-inf")
    completed_at: float = float("-inf")
    retry_at: float = float("-inf")
    history_retry_at: float = float("-inf")
    history_attempts: int = 0
    _history_turn: bool = False
    _fill_asked_at: datetime | None = None
    _fill_newest: str = ""
    _fill_oldest: str = ""
    _full_failures: int = 0

    @property
    def given_up(self) -> bool:
        """Return whether the series is left alone for long, since no answer brought bars."""
        return self.failing is not None and self.failing.given_up

    def start_anew(self) -> None:
        """Forget what went wrong: the series is wanted again."""
        self.retired = self.refused = False
        self.failing, self.attempts, self._full_failures = None, 0, 0
        self.live_at = self.retry_at = self.history_retry_at = float("-inf")

    def may_ask(self, monotonic: float) -> bool:
        """Return whether nothing stands against a call for this series."""
        return not (self.busy or self.retired) and monotonic >= self.retry_at

    def next_part(
        self, live: bool, slices: Iterable[Slice], with_history: bool = True
    ) -> Slice | None:
        """Return what to ask for next. `live`: the newest bars are wanted, through `slices`.

        Live calls and further history take turns, so that neither starves the other.
        """
        if self.fill:
            return self.fill[0]
        history = self.history and with_history and self.high_water_mark is not None
        if history and (self._history_turn or not live):
            return self.history[0]
        if not live:
            return None
        self.fill = deque([COMPACT] if self._stepped_down else slices)
        self._fill_asked_at, self._fill_newest, self._fill_oldest = None, "", ""
        return self.fill[0]

    def is_history(self, part: Slice) -> bool:
        """Return whether the slice was asked for beside the newest bars."""
        return not self.fill or self.fill[0] != part

    def fail(self, part: Slice, is_limit: bool = False) -> None:
        """Take note that a call brought no bars; a limit is no fault of the series."""
        self.busy = False
        self.attempts += 1
        if self.is_history(part):
            self._history_turn = False
            self.history_attempts += 1
            return
        if not is_limit:
            self._full_failures = self._full_failures + 1 if part == FULL else 0
        if self._fill_asked_at is None:
            # When the answers come back, more may be missing than now.
            self.fill.clear()
            self.live_at = float("-inf")

    def step_down(self, part: Slice) -> None:
        """Take note that a full answer is refused: a compact one may not be."""
        self.fail(part)
        self._full_failures = STEP_DOWN_FAILURES

    def complete(
        self, part: Slice, times: Collection[str], market_at: datetime, zone: str
    ) -> Completion:
        """Take note that every bar of an answer is in Kafka. `times` are its exchange times."""
        self.busy = False
        if times:
            self.attempts, self.refused, self.failing = 0, False, None
        if self.is_history(part):
            self._history_turn, self.history_attempts = False, 0
            if self.history and self.history[0] == part:
                self.history.popleft()
            return Completion(answered=part if times else None)
        self.fill.popleft()
        oldest, newest = known_span(times, market_at, zone)
        self._fill_oldest = min(filter(None, [oldest, self._fill_oldest]), default="")
        longer = self._longer(part, market_at)
        if longer != [FULL] and self._fill_asked_at is None:
            self._fill_asked_at, self._fill_newest = market_at, newest
        self.fill.extend(longer)
        if self.fill or self._fill_asked_at is None:
            return Completion()
        return self._end_fill(part, self._fill_asked_at)

    @property
    def _stepped_down(self) -> bool:
        return self._full_failures >= STEP_DOWN_FAILURES

    def _longer(self, part: Slice, market_at: datetime) -> list[Slice]:
        """Return what reaches further back than an answer that left a gap, if anything does."""
        if part.month or not self.premium or reaches(self.high_water_mark, self._fill_oldest):
            return []
        if part == COMPACT and not self._stepped_down:
            return [FULL]
        has_months = self.series.interval != DAY and self.series.market.has_months
        if self.high_water_mark is None or not has_months:
            return []
        return months_back(self.high_water_mark, self._fill_oldest, market_at)

    def _end_fill(self, part: Slice, asked_at: datetime) -> Completion:
        gap = not reaches(self.high_water_mark, self._fill_oldest)
        unreached = gap or (self.high_water_mark is None and self._stepped_down)
        # A month that came without bars is asked for again by itself.
        owed = FULL if unreached and self.premium and not part.month else None
        self.polled = self._history_turn = True
        self._full_failures = 0
        return Completion(high_water_mark=self._covered(asked_at), owed=owed, gap=gap)

    def _covered(self, asked_at: datetime) -> HighWaterMark:
        known = self.high_water_mark
        newest = max(self._fill_newest, known.newest_bar if known else "")
        first = known.first_asked_at if known else asked_at
        self.high_water_mark = HighWaterMark(
            max(asked_at, known.asked_at if known else asked_at), newest, first
        )
        return self.high_water_mark


def known_span(times: Collection[str], market_at: datetime, zone: str) -> tuple[str, str]:
    """Return the oldest and the newest of the exchange times that are some and are not ahead of
    the market; both are "" if there is none."""
    try:
        local = market_at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        local = market_at.astimezone(ZoneInfo(_EXCHANGE_ZONE))
    limit = local.strftime("%Y-%m-%d %H:%M:%S")
    ordered = sorted(text for text in times if text <= limit)
    oldest = next(filter(_TIME.fullmatch, ordered), "")
    return oldest, next(filter(_TIME.fullmatch, reversed(ordered)), "")
