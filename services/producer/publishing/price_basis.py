"""On which basis the prices of an answer are: that of the bars known, or another. Pure.

The vendor brings adjusted bars to the day of the call: at each split and dividend all older bars
change by one ratio. In come the prices known of a few bars and those that an answer gives of the
same; out goes the ratio, if there is one, and from it the basis that the answer's bars are marked
with. All arithmetic is in fractions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from services.common.market.bar import Bar
from services.producer.series import DAY

Prices = tuple[str, str, str, str]
"""Open, high, low and close as they were sent."""

_FEWEST_BARS: Final = 3
"""Fewer may all have been corrected by chance."""
_MOST: Final = Fraction(9, 10)
"""So many of the prices must agree on one ratio; single corrections do not hide it."""
_DECIMAL: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)


@dataclass(frozen=True)
class Basis:
    """What the bars of a series are marked with: as traded, or adjusted as of `day`. Of a series
    as traded `day` is when that began, or when the vendor last restated all of it."""

    adjusted: bool
    day: date

    def __str__(self) -> str:
        return f"adjusted as of {self.day}" if self.adjusted else "as traded"


@dataclass(frozen=True)
class Change:
    """A basis that takes the place of another, and the ratio of the new prices to the old ones
    (None: the bars known are on another kind of basis, or on one that nobody kept)."""

    basis: Basis
    ratio: Fraction | None = None


def next_basis(
    known: Basis | None, is_new: bool, adjusted: bool, ratio: Fraction | None, today: date
) -> Change | Basis | None:
    """Return the basis that an answer is on, as a Change where earlier bars are on another one, or
    None if the answer must not be used.

    `is_new`: nothing was fetched of the series so far. `ratio` is what `rebased` says.
    """
    if known is None:
        fresh = Basis(adjusted, today)
        return fresh if is_new else Change(fresh)
    if known.adjusted != adjusted:
        return Change(Basis(adjusted, max(today, known.day)))
    if ratio is None:
        return known
    # Each basis has a day of its own, or its bars could not be told from those of the one before.
    day = max(today, known.day + timedelta(days=1))
    if day > today + timedelta(days=1):
        # Two changes a day are believed; a vendor whose servers disagree is waited for.
        return None
    return Change(Basis(adjusted, day), ratio)


def anchors(interval: str, bars: Iterable[Bar]) -> dict[str, Prices]:
    """Return the prices to keep of bars, by exchange time: of finished ones, every quarter of an
    hour, enough to notice a change of basis by."""
    return {
        bar.exchange_time: bar.ohlcv[:4]
        for bar in bars
        if bar.is_final and (interval == DAY or bar.exchange_time[14:16] in _QUARTERS)
    }


_QUARTERS: Final = frozenset(("00", "15", "30", "45"))


def rebased(known: Mapping[str, Prices], answer: Mapping[str, Prices]) -> Fraction | None:
    """Return the ratio of an answer's prices to those known, if one holds for all bars before some
    day and is not 1; bars from an ex-date on are as they were.

    A price may be off by one unit of its bar's last decimal, on both sides.
    """
    shared = sorted(time for time in known.keys() & answer.keys() if known[time] != answer[time])
    if len(shared) < _FEWEST_BARS:
        return None
    times = sorted(known.keys() & answer.keys())
    old, new = _numbers(known, times), _numbers(answer, times)
    if old is None or new is None:
        return None
    spans = _spans(old, new)
    # From the day after the newest bar that moved back to the oldest day.
    for day in sorted({time[:10] for time in shared}, reverse=True):
        older = [
            span for time, row in zip(times, spans, strict=True) if time[:10] <= day for span in row
        ]
        ratio = _common(older)
        if ratio is not None:
            return ratio
    return None


Span = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class _Row:
    """The prices of a bar, and the unit of the last decimal that any of them has: a vendor may
    round what it adjusts more than what it does not."""

    prices: list[Fraction]
    unit: Fraction


def _numbers(prices: Mapping[str, Prices], times: Sequence[str]) -> list[_Row] | None:
    """Return the prices of these bars; None if one is no number."""
    rows = [prices[time] for time in times]
    if not all(_DECIMAL.fullmatch(text) for row in rows for text in row):
        return None
    return [_row(texts) for texts in rows]


def _row(texts: Prices) -> _Row:
    decimals = max(len(text.partition(".")[2]) for text in texts)
    return _Row([Fraction(text) for text in texts], Fraction(1, 10**decimals))


def _spans(before: Sequence[_Row], after: Sequence[_Row]) -> list[list[Span]]:
    """Return between what the ratio of each pair of prices lies."""
    return [
        [
            ((high - new.unit) / (low + old.unit), (high + new.unit) / (low - old.unit))
            for low, high in zip(old.prices, new.prices, strict=True)
            if low > old.unit
        ]
        for old, new in zip(before, after, strict=True)
    ]


def _common(spans: Sequence[Span]) -> Fraction | None:
    """Return a ratio other than 1 that nearly all of these agree on, if there is one."""
    if len(spans) < 4 * _FEWEST_BARS:
        return None
    unmoved = sum(low <= 1 <= high for low, high in spans)
    if 2 * unmoved > len(spans):
        return None
    ends = sorted([(low, 0) for low, _ in spans] + [(high, 1) for _, high in spans])
    agreeing = most = 0
    best = Fraction(1)
    for place, (at, is_end) in enumerate(ends):
        agreeing += -1 if is_end else 1
        if agreeing > most:
            most, best = agreeing, (at + ends[place + 1][0]) / 2
    return best if most >= _MOST * len(spans) else None
