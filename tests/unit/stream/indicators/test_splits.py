"""Indicators across splits: those of a twin that was never split, on the basis of each bar."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stream.indicators.formulas import COLUMNS, LOOKBACK, STATE, Bars, Before, derive
from services.stream.indicators.splits import Split, derive_across

BARS = 700
SESSION_BARS = 13
PRICE_LIKE = {
    *("change", "sma_20", "sma_50", "sma_200", "ema_12", "ema_26", "ema_50", "vwap", "true_range"),
    *("atr_14", "bollinger_upper_20", "bollinger_lower_20", "average_gain_14", "average_loss_14"),
}
VOLUME_LIKE = {"session_volume"}


def twin() -> Bars:
    """Return a series without a split."""
    random = np.random.default_rng(7)
    close = np.round(400 + np.cumsum(random.normal(0, 1, BARS)), 2)
    return Bars(
        high=close + np.round(random.uniform(0, 1, BARS), 2),
        low=close - np.round(random.uniform(0, 1, BARS), 2),
        close=close,
        volume=np.floor(random.uniform(1e3, 1e5, BARS)) * 64,
        session=np.arange(BARS, dtype=np.int64) // SESSION_BARS,
    )


def traded(bars: Bars, splits: list[Split]) -> tuple[Bars, np.ndarray]:
    """Return the same as traded, and what its prices are, bar by bar, of the twin's."""
    scale = np.ones(len(bars))
    for split in splits:
        scale[split.first_bar :] /= float(split.ratio)
    return (
        Bars(
            bars.high * scale,
            bars.low * scale,
            bars.close * scale,
            bars.volume / scale,
            bars.session,
        ),
        scale,
    )


def expected(bars: Bars, scale: np.ndarray) -> dict[str, np.ndarray]:
    """Return the twin's indicators on the basis of each bar."""
    columns = derive(bars)
    return {
        name: values * scale
        if name in PRICE_LIKE
        else values / scale
        if name in VOLUME_LIKE
        else values
        for name, values in columns.items()
    }


SESSIONS = st.integers(1, (BARS - 1) // SESSION_BARS)


@given(
    ratios=st.dictionaries(SESSIONS, st.sampled_from([2, 4, "1/2", "1/8"]), max_size=4),
    cuts=st.sets(st.integers(LOOKBACK, BARS - 1), max_size=3),
)
def test_each_bar_has_the_values_of_its_twin_however_the_series_is_cut(
    ratios: dict[int, int | str], cuts: set[int]
) -> None:
    # Ratios by which floats are divided without a rest: equal to the last bit.
    splits = [Split(day * SESSION_BARS, Fraction(ratios[day])) for day in sorted(ratios)]
    bars, scale = traded(twin(), splits)
    wanted = expected(twin(), scale)
    state: dict[str, float] | None = None
    begin = 0
    for end in [*sorted(cuts), BARS]:
        first = begin - LOOKBACK if state else 0
        part = Bars(
            bars.high[first:end],
            bars.low[first:end],
            bars.close[first:end],
            bars.volume[first:end],
            bars.session[first:end],
        )
        inside = [
            Split(split.first_bar - first, split.ratio)
            for split in splits
            if first < split.first_bar < end
        ]
        got = derive_across(part, inside, Before(LOOKBACK, state) if state else None)
        for name in COLUMNS:
            np.testing.assert_array_equal(got[name], wanted[name][begin:end], err_msg=name)
        state, begin = {name: float(got[name][-1]) for name in STATE}, end


@pytest.mark.parametrize("ratio", ["10", "1/8", "3/2", "10000/9557"])
def test_any_ratio_is_good_to_the_twelfth_digit(ratio: str) -> None:
    splits = [Split(20 * SESSION_BARS, Fraction(ratio)), Split(30 * SESSION_BARS, Fraction(ratio))]
    bars, scale = traded(twin(), splits)
    got, wanted = derive_across(bars, splits), expected(twin(), scale)
    for name in COLUMNS:
        np.testing.assert_allclose(got[name], wanted[name], rtol=1e-9, atol=1e-9, err_msg=name)
