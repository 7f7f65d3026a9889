"""Derives indicators across splits: each bar's own are on the basis of the bar's own day.

In come the bars of a series as they were traded and the splits between them, out go the columns
that `formulas.derive` gives. The bars that a bar looks back on are brought to its basis, and so is
the state that it goes on from: a split changes no value before it, and after it none jumps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple, TypeVar

import numpy as np

from services.stream.indicators.formulas import (
    COLUMNS,
    LOOKBACK,
    STATE,
    Bars,
    Before,
    Floats,
    derive,
)

_Number = TypeVar("_Number", float, Floats)

_PRICES: Final = ("ema_12", "ema_26", "ema_50", "atr_14", "average_gain_14", "average_loss_14")
"""Of the state: what is in the currency of a share. The rest begins again with each session, and
a split falls between two."""


class Split(NamedTuple):
    """New shares for old, from the bar with this number on: earlier prices are divided by it."""

    first_bar: int
    ratio: Fraction


def derive_across(
    bars: Bars, splits: Sequence[Split], before: Before | None = None
) -> dict[str, Floats]:
    """Return COLUMNS of every bar after those `before`, as `formulas.derive` does.

    The splits are in the order of time, at most one for a bar.
    """
    first_due = before.bars if before else 0
    starts = [first_due, *(split.first_bar for split in splits if split.first_bar > first_due)]
    pieces: list[dict[str, Floats]] = []
    for start, end in pairwise([*starts, len(bars)]):
        state = before.state if before else None
        if start > first_due and (before or start >= LOOKBACK):
            state = {name: float(pieces[-1][name][-1]) for name in STATE}
        pieces.append(_piece(bars, splits, start, end, state))
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in COLUMNS}


def _piece(
    bars: Bars, splits: Sequence[Split], start: int, end: int, state: Mapping[str, float] | None
) -> dict[str, Floats]:
    """Derive the bars from `start` to `end`, all on one basis, from the state of the one before;
    without it, from the beginning of the series."""
    begin = start - LOOKBACK if state else 0
    on_basis = _on_basis_of(bars, splits, start, begin, end)
    if state is None:
        return {name: values[start:] for name, values in derive(on_basis).items()}
    for split in splits:
        if split.first_bar == start:
            scaled = {name: _divided(state[name], split.ratio) for name in _PRICES}
            state = {**state, **scaled}
    return derive(on_basis, Before(LOOKBACK, state))


def _on_basis_of(bars: Bars, splits: Sequence[Split], start: int, begin: int, end: int) -> Bars:
    """Return the bars from `begin` to `end` with those before `start` brought to its basis."""
    values = {
        name: getattr(bars, name)[begin:end].copy() for name in ("high", "low", "close", "volume")
    }
    session = bars.session[begin:end]
    since, until = Fraction(1), start
    for split in reversed([split for split in splits if begin < split.first_bar <= start]):
        _scale(values, slice(split.first_bar - begin, until - begin), since)
        since, until = since * split.ratio, split.first_bar
    _scale(values, slice(0, until - begin), since)
    return Bars(**values, session=session)


def _scale(values: Mapping[str, Floats], part: slice, ratio: Fraction) -> None:
    if ratio != 1:
        for name in ("high", "low", "close"):
            values[name][part] = _divided(values[name][part], ratio)
        values["volume"][part] = _divided(values["volume"][part], 1 / ratio)


def _divided(value: _Number, ratio: Fraction) -> _Number:
    # By whole numbers, so that what can be divided without a rest is.
    return value * float(ratio.denominator) / float(ratio.numerator)
