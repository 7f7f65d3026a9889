"""Seed, symbol and session go in, the trades of that session come out, always the same.

Any session is computed on its own: a daily price level comes from seeded noise, and a random
walk bridges it with the next one. So years of bars need no walk from the beginning of time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from services.simulator.market.number_forms import number_form
from services.simulator.market.trading_sessions import Session

Integers = NDArray[np.int64]
_Number = TypeVar("_Number", np.int64, np.uint64)

STEP_SECONDS: Final = 15
"""A minute holds four moments at which a trade may happen, the first at its start."""

LATEST_REVISION_MINUTES: Final = 10
"""No bar changes any more this long after its end."""

_STEPS: Final = 60 // STEP_SECONDS
_OCTAVES: Final = 11  # price moves over 1, 2, 4 ... 1024 sessions
_DAILY_MOVE: Final = 0.008
_STEP_MOVE: Final = 0.00025
_UNIFORM: Final = 2.0**-53
_FLAT_CHANCE: Final = 0.3


@dataclass(frozen=True)
class Tape:
    """The trades of one symbol in one session.

    `prices` (units of their last decimal) and `volumes` (0: no trade) have a row a step and a
    column a minute. `closed` has the rows open, high, low, close, volume and a column a minute, as
    they stand when the minute ends; `late_volume` is added once `late_minute` minutes have gone by.
    """

    prices: Integers
    volumes: Integers
    closed: Integers
    late_volume: Integers
    late_minute: Integers


class Market:
    """All trades of a simulated market, as a function of its seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.level = lru_cache(maxsize=100_000)(self._level)
        self.tape = lru_cache(maxsize=256)(self._tape)

    def bars_at(
        self, symbol: str, session: Session, elapsed_seconds: float
    ) -> tuple[Integers, Integers]:
        """Return the one-minute bars that exist so many seconds after it begins.

        First the minutes of the day that saw a trade, in order; then the rows open, high, low,
        close (units) and volume. The last bar may still be forming.
        """
        tape = self.tape(symbol, session)
        whole = max(0, min(int(elapsed_seconds // 60), session.minutes))
        bars = tape.closed[:, :whole].copy()
        bars[4] += np.where(
            tape.late_minute[:whole] * 60 <= elapsed_seconds, tape.late_volume[:whole], 0
        )
        if whole < session.minutes and elapsed_seconds >= 0:
            steps = int((elapsed_seconds - whole * 60) // STEP_SECONDS) + 1
            column = slice(whole, whole + 1)
            forming = _summary(tape.prices[:steps, column], tape.volumes[:steps, column])
            bars = np.concatenate([bars, forming], axis=1)
        traded = np.flatnonzero(bars[4])
        return traded + session.first_minute, bars[:, traded]

    def _level(self, symbol: str, index: int) -> float:
        """Log price at the start of a session: noise over spans of 1, 2, 4 ... sessions."""
        total = math.log(40) + math.log(10) * _uniform(self._seed, symbol, "base")
        for octave in range(_OCTAVES):
            place, offset = divmod(index, 1 << octave)
            share = offset / (1 << octave)
            left, right = (
                _normal(self._seed, symbol, octave, corner) for corner in (place, place + 1)
            )
            total += _DAILY_MOVE * math.sqrt(1 << octave) * (left + (right - left) * share)
        return total

    def _tape(self, symbol: str, session: Session) -> Tape:
        count = session.minutes * _STEPS
        night = ("night",) if session.is_night else ()
        key = int.from_bytes(_digest(16, self._seed, symbol, session.day, *night))
        raw = np.random.Philox(key=key).random_raw(2 * count + 3 * session.minutes)
        prices = self._prices(symbol, session, raw[:count])
        activity = _uniform(self._seed, symbol, "activity")
        seen, drawn, delays = raw[2 * count :].reshape(3, session.minutes)
        volumes = _volumes(session, activity, raw[count : 2 * count], seen)
        closed = _summary(prices, volumes)
        # One bar in a hundred is revised after its end, once.
        revised = (drawn % 100 == 0) & (closed[4] > 0)
        extra = 1 + (drawn >> 32).astype(np.int64) % np.maximum(closed[4] // 5, 1)
        delay = 2 + (delays % (LATEST_REVISION_MINUTES - 1)).astype(np.int64)
        return Tape(
            prices,
            volumes,
            closed,
            late_volume=np.where(revised, extra, 0),
            late_minute=np.arange(1, session.minutes + 1) + delay,
        )

    def _prices(self, symbol: str, session: Session, raw: NDArray[np.uint64]) -> Integers:
        first, last = self.level(symbol, session.index), self.level(symbol, session.index + 1)
        if session.is_night:
            last = first  # the day goes on from where the night began
        pace = np.repeat(_pace(session), _STEPS)
        time = np.cumsum(pace**2)
        time /= time[-1]
        # Four 16-bit numbers summed are close enough to a normal deviate.
        words = [(raw >> shift & 0xFFFF).astype(np.int64) for shift in (0, 16, 32, 48)]
        normal = (words[0] + words[1] + words[2] + words[3] - 131_070) / 37_837.0
        walk = np.cumsum(normal * pace) * _STEP_MOVE
        logs = first + (last - first) * time + walk - walk[-1] * time
        if session.is_flat:
            logs = np.full_like(logs, first)
        units = np.rint(np.exp(logs) * number_form(symbol).units).astype(np.int64)
        return _by_step(np.maximum(units, 1))


def _summary(prices: Integers, volumes: Integers) -> Integers:
    """Rows open, high, low, close, volume of trades given by step and minute; zeros if none."""
    traded = volumes > 0
    columns = np.arange(prices.shape[1])
    first = traded.argmax(axis=0)
    last = len(traded) - 1 - traded[::-1].argmax(axis=0)
    high = np.where(traded, prices, 0).max(axis=0)
    low = np.where(traded, prices, np.iinfo(np.int64).max).min(axis=0)
    summary: Integers = np.stack(
        [prices[first, columns], high, low, prices[last, columns], volumes.sum(axis=0)]
    )
    summary[:, ~traded.any(axis=0)] = 0
    return summary


def _volumes(
    session: Session, activity: float, raw: NDArray[np.uint64], seen: NDArray[np.uint64]
) -> Integers:
    """Shares by step and minute; a step, and a whole minute, may see no trade."""
    pace = _pace(session)
    regular = pace >= 1
    mean = 20 * 100**activity * np.where(regular, pace, 0.05)
    chance = np.where(regular, 0.985 + 0.015 * activity, 0.4 + 0.5 * activity)
    if session.is_flat:
        chance = np.full_like(chance, _FLAT_CHANCE)
    minute_traded = (seen >> 11) * _UNIFORM < chance
    if session.noon_break is not None:
        starts, ends = (minute - session.first_minute for minute in session.noon_break)
        minute_traded[starts:ends] = False
    share = (_by_step(raw) >> 11) * _UNIFORM
    shares = 1 + (-np.log1p(-share) * mean).astype(np.int64)
    traded = (_by_step(raw) & 2047) >= 400
    traded[-1] |= ~traded.any(axis=0)
    volumes: Integers = np.where(traded & minute_traded, shares, 0)
    return volumes


def _by_step(values: NDArray[_Number]) -> NDArray[_Number]:
    """Turn a run of moments into rows by step and columns by minute (the fast way round)."""
    return np.ascontiguousarray(values.reshape(-1, _STEPS).T)


def _pace(session: Session) -> NDArray[np.float64]:
    """How lively each minute is: busiest at the open and at the close, quiet outside."""
    minute = np.arange(session.first_minute, session.first_minute + session.minutes)
    since_open = minute - session.regular_open
    to_close = session.regular_close - 1 - minute
    lively = 1 + np.exp(-np.abs(since_open) / 20) + 0.6 * np.exp(-np.abs(to_close) / 15)
    return np.where((since_open >= 0) & (to_close >= 0), lively, 0.5)


def _digest(size: int, *parts: object) -> bytes:
    return blake2b("|".join(map(str, parts)).encode(), digest_size=size).digest()


def _uniform(*parts: object) -> float:
    return (int.from_bytes(_digest(8, *parts)) >> 11) * _UNIFORM


def _normal(*parts: object) -> float:
    raw = _digest(8, *parts)
    return (sum(raw[::2]) * 256 + sum(raw[1::2]) - 131_070) / 37_837.0
