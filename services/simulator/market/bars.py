"""The bars of the simulated market as Alpha Vantage prints them, newest first.

A source of bars answers three questions (does a symbol exist, its intraday bars, its daily
bars) and never shows a bar that has not begun at `now`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

import numpy as np

from services.common.bar import SYMBOL_PATTERN
from services.simulator.market.trades import LATEST_REVISION_MINUTES, Integers, Market
from services.simulator.market.trading_sessions import Session, Sessions

_DAY_MINUTES: Final = 24 * 60


class PrintedBar(NamedTuple):
    """One bar in the strings of the API; `time` is its start on the exchange's clock."""

    time: str
    open: str
    high: str
    low: str
    close: str
    volume: str


class BarSource(Protocol):
    """Where answers take their bars from."""

    def knows(self, symbol: str) -> bool:
        """Say whether the symbol exists."""

    def zone(self, symbol: str) -> str:
        """Return the name of the exchange's time zone."""

    def intraday(
        self, symbol: str, minutes: int, extended: bool, until: date | None, now: datetime
    ) -> Iterator[PrintedBar]:
        """Yield bars of so many minutes, newest first, none after the day `until`."""

    def daily(self, symbol: str, now: datetime) -> Iterator[PrintedBar]:
        """Yield the bars of regular sessions, newest first; `time` is a date."""

    def splits(self, symbol: str, now: datetime) -> list[dict[str, str]]:
        """Return the splits in effect at `now`, newest first, as the vendor lists them."""

    def dividends(self, symbol: str, now: datetime) -> list[dict[str, str]]:
        """Return the dividends that were announced at `now`, newest first."""


class WithoutActions:
    """A source of which no share splits or pays anything."""

    def splits(self, symbol: str, now: datetime) -> list[dict[str, str]]:  # noqa: ARG002
        """Return none."""
        return []

    def dividends(self, symbol: str, now: datetime) -> list[dict[str, str]]:  # noqa: ARG002
        """Return none."""
        return []


class SimulatedBars(WithoutActions):
    """Bars of any symbol, from seeded trades. `symbols` None: every well-formed symbol exists."""

    def __init__(
        self, seed: int, sessions: Sessions, symbols: frozenset[str] | None = None
    ) -> None:
        self._market = Market(seed)
        self._sessions = sessions
        self._symbols = symbols
        self._settled_day = lru_cache(maxsize=65_536)(self._day)

    def knows(self, symbol: str) -> bool:
        """Say whether the symbol exists."""
        if self._symbols is None:
            return re.fullmatch(SYMBOL_PATTERN, symbol) is not None
        return symbol in self._symbols

    def zone(self, symbol: str) -> str:  # noqa: ARG002 - all of them trade in New York
        """Return the name of the exchange's time zone."""
        return "US/Eastern"

    def intraday(
        self, symbol: str, minutes: int, extended: bool, until: date | None, now: datetime
    ) -> Iterator[PrintedBar]:
        """Yield bars of so many minutes, newest first, none after the day `until`."""
        for session in self._sessions.newest_first(now, until):
            starts, bars = self._minutes(symbol, session, extended, _elapsed(session, now))
            starts, bars = roll_up(starts, bars, minutes)
            day = session.day.isoformat()
            for start, *ohlcv in zip(starts[::-1].tolist(), *bars[:, ::-1].tolist(), strict=True):
                yield _printed(f"{day} {start // 60:02}:{start % 60:02}:00", *ohlcv)

    def daily(self, symbol: str, now: datetime) -> Iterator[PrintedBar]:
        """Yield the bars of regular sessions, newest first; `time` is a date."""
        for session in self._sessions.newest_first(now):
            settled = session.ends_at + timedelta(minutes=LATEST_REVISION_MINUTES) <= now
            if settled:
                bar = self._settled_day(symbol, session, float("inf"))
            else:
                bar = self._day(symbol, session, _elapsed(session, now))
            if bar is not None:
                yield _printed(session.day.isoformat(), *bar)

    def _minutes(
        self, symbol: str, session: Session, extended: bool, elapsed_seconds: float
    ) -> tuple[Integers, Integers]:
        starts, bars = self._market.bars_at(symbol, session, elapsed_seconds)
        if extended:
            return starts, bars
        within = (starts >= session.regular_open) & (starts < session.regular_close)
        return starts[within], bars[:, within]

    def _day(self, symbol: str, session: Session, elapsed_seconds: float) -> list[int] | None:
        seconds = min(elapsed_seconds, _DAY_MINUTES * 60.0)
        starts, bars = self._minutes(symbol, session, False, seconds)
        _, day = roll_up(starts, bars, _DAY_MINUTES)
        return day[:, 0].tolist() if day.size else None


def roll_up(starts: Integers, bars: Integers, minutes: int) -> tuple[Integers, Integers]:
    """Combine one-minute bars into bars of so many minutes, aligned to the clock's midnight.

    `starts` are minutes of the day in order, `bars` the rows open, high, low, close, volume.
    """
    if minutes == 1 or not starts.size:
        return starts, bars
    groups = starts - starts % minutes
    first = np.flatnonzero(np.diff(groups, prepend=-1))
    last = np.append(first[1:], starts.size) - 1
    opened, high, low, close, volume = bars
    rolled = [
        opened[first],
        np.maximum.reduceat(high, first),
        np.minimum.reduceat(low, first),
        close[last],
        np.add.reduceat(volume, first),
    ]
    return groups[first], np.stack(rolled)


def _elapsed(session: Session, now: datetime) -> float:
    return (now - session.begins_at).total_seconds()


def _printed(time: str, *ohlcv: int) -> PrintedBar:
    opened, high, low, close, volume = ohlcv
    return PrintedBar(time, _price(opened), _price(high), _price(low), _price(close), str(volume))


def _price(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}00"
