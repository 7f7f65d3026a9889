"""The bars of the simulated market as Alpha Vantage prints them, newest first.

A source of bars answers three questions (does a symbol exist, its intraday bars, its daily
bars) and never shows a bar that has not begun at `now`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from heapq import merge
from threading import Lock
from typing import Final, NamedTuple, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from services.common.market.bar import SYMBOL_PATTERN
from services.common.market.exchanges import NEW_YORK, exchange_of
from services.common.market.markets import market_of
from services.simulator.market.number_forms import NumberForm, number_form
from services.simulator.market.trades import LATEST_REVISION_MINUTES, Integers, Market
from services.simulator.market.trading_sessions import (
    EXTENDED_OPEN,
    Session,
    Sessions,
    load_sessions,
    nights,
)

_DAY_MINUTES: Final = 24 * 60
_LONGEST_WEEKEND: Final = 5
_DATE_CHARS: Final = 10


class PrintedBar(NamedTuple):
    """One bar in the strings of the API; `time` is its start on the exchange's clock, `volume` is
    empty where the market tells none."""

    time: str
    open: str
    high: str
    low: str
    close: str
    volume: str


class Adjustment(NamedTuple):
    """What an action makes of the bars before its day, when they are adjusted for it."""

    ex_date: date
    price_factor: Fraction
    volume_factor: Fraction


class BarSource(Protocol):
    """Where answers take their bars from."""

    def knows(self, symbol: str, now: datetime) -> bool:
        """Say whether the symbol exists at `now`."""

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

    def adjustments(self, symbol: str, now: datetime) -> list[Adjustment]:
        """Return what each action in effect at `now` makes of earlier bars."""


class WithoutActions:
    """A source of which no share splits or pays anything."""

    def splits(self, symbol: str, now: datetime) -> list[dict[str, str]]:  # noqa: ARG002
        """Return none."""
        return []

    def dividends(self, symbol: str, now: datetime) -> list[dict[str, str]]:  # noqa: ARG002
        """Return none."""
        return []

    def adjustments(self, symbol: str, now: datetime) -> list[Adjustment]:  # noqa: ARG002
        """Return none."""
        return []


class SimulatedBars(WithoutActions):
    """Bars of any well-formed symbol, from seeded trades.

    `sessions` are New York's; those of another exchange are read when a symbol of it is asked
    for. `overnight`: New York's nights are traded as well.
    """

    def __init__(self, seed: int, sessions: Sessions, overnight: bool = False) -> None:
        self._market = Market(seed)
        self._sessions = {NEW_YORK.code: sessions}
        self._nights = nights(sessions) if overnight else None
        self._present = sessions.all[-1].begins_at - timedelta(days=365)
        self._reading = Lock()
        self._settled_day = lru_cache(maxsize=65_536)(self._day)

    def knows(self, symbol: str, now: datetime) -> bool:  # noqa: ARG002
        """Say whether the symbol exists."""
        return re.fullmatch(SYMBOL_PATTERN, symbol) is not None

    def zone(self, symbol: str) -> str:
        """Return the name of the clock that answers are told by: the same for all shares."""
        return "UTC" if market_of(symbol).is_pair else "US/Eastern"

    def intraday(
        self, symbol: str, minutes: int, extended: bool, until: date | None, now: datetime
    ) -> Iterator[PrintedBar]:
        """Yield bars of so many minutes, newest first, none after the day `until`."""
        form, zone = number_form(symbol), ZoneInfo(self.zone(symbol))
        for session in self._newest_first(symbol, extended, until, now):
            starts, bars = self._minutes(symbol, session, extended, _elapsed(session, now))
            starts, bars = roll_up(starts, bars, minutes)
            for start, *ohlcv in zip(starts[::-1].tolist(), *bars[:, ::-1].tolist(), strict=True):
                clock = _clock(session, start, zone)
                if until is None or clock[:10] <= until.isoformat():
                    yield _printed(form, clock, ohlcv)

    def daily(self, symbol: str, now: datetime) -> Iterator[PrintedBar]:
        """Yield the bars of regular sessions, newest first; `time` is a date."""
        form = number_form(symbol)
        for session in self._sessions_of(symbol).newest_first(now):
            settled = session.ends_at + timedelta(minutes=LATEST_REVISION_MINUTES) <= now
            if settled:
                bar = self._settled_day(symbol, session, float("inf"))
            else:
                bar = self._day(symbol, session, _elapsed(session, now))
            if bar is not None:
                yield _printed(form, session.day.isoformat(), bar)

    def _newest_first(
        self, symbol: str, extended: bool, until: date | None, now: datetime
    ) -> Iterator[Session]:
        own = self._sessions_of(symbol)
        in_new_york = own is self._sessions[NEW_YORK.code]
        traded_nights = self._nights if extended and in_new_york else None
        if until is not None and not (in_new_york and traded_nights is None):
            # The session may begin on an evening before, by New York's clock.
            until += timedelta(days=_LONGEST_WEEKEND)
        found = [each.newest_first(now, until) for each in (own, traded_nights) if each]
        return merge(*found, key=lambda session: session.begins_at, reverse=True)

    def _sessions_of(self, symbol: str) -> Sessions:
        exchange = exchange_of(symbol) or NEW_YORK
        with self._reading:
            if exchange.code not in self._sessions:
                self._sessions[exchange.code] = load_sessions(self._present, exchange)
            return self._sessions[exchange.code]

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


def _clock(session: Session, minute: int, zone: ZoneInfo) -> str:
    """Return a minute of a session's day on the clock that answers are told by."""
    if session.first_minute == EXTENDED_OPEN:
        return f"{session.day} {minute // 60:02}:{minute % 60:02}:00"
    instant = session.begins_at + timedelta(minutes=minute - session.first_minute)
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _elapsed(session: Session, now: datetime) -> float:
    return (now - session.begins_at).total_seconds()


def _printed(form: NumberForm, time: str, ohlcv: Sequence[int]) -> PrintedBar:
    *units, volume = ohlcv
    of_day = len(time) == _DATE_CHARS
    first, high, low, last = form.prices(units, of_day)
    return PrintedBar(time, first, high, low, last, form.volume(volume, units[-1], of_day))
