"""The condition that bars form a candle pattern, by the definitions of `bi.patterns`. Pure.

Prices are compared as the decimals that they are, so that a body that is just as long as it may be
is judged as the database judges it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final, NamedTuple

from services.alerts.rules.bars import Bar
from services.alerts.rules.conditions import Figures


class _Candle:
    """A bar of `bars`, beside the means of those before it."""

    def __init__(self, bars: Sequence[Bar], place: int) -> None:
        self._bars, self._place = bars, place
        bar = bars[place]
        self.open, self.high, self.low, self.close = (
            Decimal(repr(price)) for price in (bar.open, bar.high, bar.low, bar.close)
        )
        self.top, self.bottom = max(self.open, self.close), min(self.open, self.close)
        self.body = self.top - self.bottom
        self.rises = self.close >= self.open

    def before(self, count: int = 1) -> _Candle:
        """Return the candle so many bars before."""
        return _Candle(self._bars, self._place - count)

    def _mean(self, count: int, of: Callable[[_Candle], Decimal]) -> Decimal:
        return sum((of(self.before(back)) for back in range(1, count + 1)), Decimal()) / count

    @cached_property
    def mean_body(self) -> Decimal:
        return self._mean(10, lambda one: one.body)

    @cached_property
    def hardly(self) -> Decimal:
        return self._mean(10, lambda one: one.high - one.low) / 10

    def within(self, share: str) -> Decimal:
        """Return a share of the mean range of the five bars before."""
        return self._mean(5, lambda one: one.high - one.low) * Decimal(share)

    @property
    def near(self) -> Decimal:
        return self.within("0.2")

    @property
    def far(self) -> Decimal:
        return self.within("0.6")

    @property
    def has_no_top(self) -> bool:
        return self.high - self.top < self.hardly

    @property
    def has_no_bottom(self) -> bool:
        return self.bottom - self.low < self.hardly


def _doji(bar: _Candle) -> bool:
    return bar.body <= bar.hardly


def _hammer(bar: _Candle) -> bool:
    before = bar.before()
    return (
        bar.bottom - bar.low > bar.body
        and bar.body < bar.mean_body
        and bar.has_no_top
        and bar.bottom <= before.low + before.near
    )


def _shooting_star(bar: _Candle) -> bool:
    return (
        bar.high - bar.top > bar.body
        and bar.bottom > bar.before().top
        and bar.body < bar.mean_body
        and bar.has_no_bottom
    )


def _bullish_engulfing(bar: _Candle) -> bool:
    before = bar.before()
    return (
        bar.rises
        and not before.rises
        and bar.close >= before.open
        and bar.open <= before.close
        and (bar.close > before.open or bar.open < before.close)
    )


def _bearish_engulfing(bar: _Candle) -> bool:
    before = bar.before()
    return (
        not bar.rises
        and before.rises
        and bar.open >= before.close
        and bar.close <= before.open
        and (bar.open > before.close or bar.close < before.open)
    )


def _three_white_soldiers(third: _Candle) -> bool:
    second, first = third.before(), third.before(2)
    return (
        all(one.rises for one in (first, second, third))
        and first.close < second.close < third.close
        and first.open < second.open < third.open
        and all(one.has_no_top for one in (first, second, third))
        and second.open <= first.close + first.near
        and third.open <= second.close + second.near
        and second.body > first.body - first.far
        and third.body > second.body - second.far
        and third.body > third.mean_body
    )


def _three_black_crows(third: _Candle) -> bool:
    second, first, before = third.before(), third.before(2), third.before(3)
    return (
        before.rises
        and not any(one.rises for one in (first, second, third))
        and before.high > first.close > second.close > third.close
        and first.close < second.open < first.open
        and second.close < third.open < second.open
        and all(one.has_no_bottom for one in (first, second, third))
    )


class Shape(NamedTuple):
    """A pattern: how many bars before a bar it needs, whether it is there, and how it is told."""

    lookback: int
    is_there: Callable[[_Candle], bool]
    told: str


SHAPES: Final[Mapping[str, Shape]] = {
    "doji": Shape(10, _doji, "a doji"),
    "hammer": Shape(11, _hammer, "a hammer"),
    "shooting_star": Shape(11, _shooting_star, "a shooting star"),
    "bullish_engulfing": Shape(2, _bullish_engulfing, "a bullish engulfing"),
    "bearish_engulfing": Shape(2, _bearish_engulfing, "a bearish engulfing"),
    "three_white_soldiers": Shape(12, _three_white_soldiers, "three white soldiers"),
    "three_black_crows": Shape(13, _three_black_crows, "three black crows"),
}


@dataclass(frozen=True)
class Pattern:
    """Bars up to a bar form a candle pattern."""

    name: str
    needs_indicators: bool = False

    @property
    def lookback(self) -> int:
        return SHAPES[self.name].lookback

    def holds(self, bars: Sequence[Bar], place: int) -> Figures | None:
        if place < self.lookback or not SHAPES[self.name].is_there(_Candle(bars, place)):
            return None
        bar = bars[place]
        return {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close}

    def sentence(self, figures: Figures) -> str:
        return f"{SHAPES[self.name].told} at {figures['close']:.10g}"
