"""The indicators: their definitions against TA-Lib, their bits against any way to cut them."""

from __future__ import annotations

import numpy as np
import pytest
import talib
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from services.stream.indicators.formulas import (
    COLUMNS,
    LOOKBACK,
    STATE,
    Bars,
    Before,
    Floats,
    derive,
)

SIZE = 600


def walk(seed: int, size: int = SIZE) -> Bars:
    """Return bars as a market makes them: cents, whole volumes, some without any, sessions."""
    random = np.random.default_rng(seed)
    close = np.round(100.0 * np.exp(np.cumsum(random.normal(0.0, 0.01, size))), 2)
    first = np.concatenate([[100.0], close[:-1]])
    high = np.maximum(first, close) + np.round(random.exponential(0.3, size), 2)
    low = np.minimum(first, close) - np.round(random.exponential(0.3, size), 2)
    volume = np.floor(random.exponential(20_000.0, size)) * (random.random(size) > 0.05)
    session = np.cumsum(random.random(size) < 0.02, dtype=np.int64)
    return Bars(high, low, close, volume, session)


def part(bars: Bars, start: int, until: int | None = None) -> Bars:
    """Return some of the bars."""
    chosen = slice(start, until)
    return Bars(
        bars.high[chosen],
        bars.low[chosen],
        bars.close[chosen],
        bars.volume[chosen],
        bars.session[chosen],
    )


def by_talib(bars: Bars) -> dict[str, Floats]:
    """Return those columns that TA-Lib computes."""
    close = bars.close
    upper, middle, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    range_columns = (bars.high, bars.low, close)
    returns = talib.STDDEV(np.diff(np.log(close)), 20) * np.sqrt(20 / 19)
    return {
        "change": talib.MOM(close, 1),
        "change_percent": talib.ROC(close, 1),
        "sma_20": middle,
        "sma_50": talib.SMA(close, 50),
        "sma_200": talib.SMA(close, 200),
        "ema_12": talib.EMA(close, 12),
        "ema_26": talib.EMA(close, 26),
        "ema_50": talib.EMA(close, 50),
        "true_range": talib.TRANGE(*range_columns),
        "atr_14": talib.ATR(*range_columns, 14),
        "volatility_20": np.concatenate([[np.nan], returns]),
        "bollinger_upper_20": upper,
        "bollinger_lower_20": lower,
        "rsi_14": talib.RSI(close, 14),
        "volume_zscore_20": (bars.volume - talib.SMA(bars.volume, 20))
        / talib.STDDEV(bars.volume, 20),
    }


@pytest.mark.parametrize("seed", range(5))
def test_the_definitions_are_those_of_talib(seed: int) -> None:
    bars = walk(seed)
    derived = derive(bars)
    for name, expected in by_talib(bars).items():
        assert_array_equal(np.isnan(derived[name]), np.isnan(expected), err_msg=name)
        assert_allclose(derived[name], expected, rtol=1e-6, atol=1e-8, err_msg=name)


def test_the_average_price_of_a_session_is_weighted_by_volume() -> None:
    bars = Bars(
        high=np.array([12.0, 15.0, 33.0, 30.0]),
        low=np.array([6.0, 9.0, 27.0, 30.0]),
        close=np.array([9.0, 12.0, 30.0, 30.0]),
        volume=np.array([100.0, 300.0, 0.0, 50.0]),
        session=np.array([7, 7, 8, 8]),
    )
    derived = derive(bars)
    assert derived["session_turnover"].tolist() == [900.0, 4500.0, 0.0, 1500.0]
    assert derived["session_volume"].tolist() == [100.0, 400.0, 0.0, 50.0]
    assert_array_equal(derived["vwap"], [9.0, 11.25, np.nan, 30.0])


def test_a_volume_that_nobody_knows_leaves_the_rest_of_its_session_without_an_average() -> None:
    prices, session = np.full(4, 9.0), np.array([7, 7, 7, 8])
    volume = np.array([100.0, np.nan, 300.0, 50.0])
    whole = derive(Bars(prices, prices, prices, volume, session))
    assert_array_equal(whole["vwap"], [9.0, np.nan, np.nan, 9.0])
    assert_array_equal(whole["session_volume"], [100.0, np.nan, np.nan, 50.0])


def test_where_nothing_moves_nothing_is_divided_by_zero() -> None:
    flat, empty = np.full(SIZE, 5.0), np.zeros(SIZE)
    derived = derive(Bars(flat, flat, flat, empty, np.zeros(SIZE, dtype=np.int64)))
    last = {name: derived[name][-1] for name in COLUMNS}
    without_value = {name for name, value in last.items() if np.isnan(value)}
    assert without_value == {"rsi_14", "vwap", "volume_zscore_20"}
    fives = {"sma_20", "sma_50", "sma_200", "ema_12", "ema_26", "ema_50"}
    bands = {"bollinger_upper_20", "bollinger_lower_20"}
    assert {name for name, value in last.items() if value == 5.0} == fives | bands
    assert {name for name, value in last.items() if value == 0.0} == (
        {*COLUMNS} - without_value - fives - bands
    )


def test_a_series_begins_without_the_values_that_need_a_past() -> None:
    derived = derive(walk(1))
    first = {name: int(np.argmin(np.isnan(derived[name]))) for name in COLUMNS}
    assert first == {
        **dict.fromkeys(("vwap", "session_turnover", "session_volume"), 0),
        **dict.fromkeys(("change", "change_percent", "true_range"), 1),
        "ema_12": 11,
        **dict.fromkeys(("atr_14", "rsi_14", "average_gain_14", "average_loss_14"), 14),
        **dict.fromkeys(("sma_20", "bollinger_upper_20", "bollinger_lower_20"), 19),
        "volume_zscore_20": 19,
        "volatility_20": 20,
        "ema_26": 25,
        **dict.fromkeys(("sma_50", "ema_50"), 49),
        "sma_200": 199,
    }


@given(size=st.integers(0, 30))
def test_a_short_series_has_a_row_for_each_bar(size: int) -> None:
    derived = derive(walk(1, size))
    assert {name: len(column) for name, column in derived.items()} == dict.fromkeys(COLUMNS, size)


@given(seed=st.integers(0, 99), cut=st.integers(LOOKBACK, SIZE - 1), until=st.integers(1, SIZE))
def test_a_computation_goes_on_to_the_same_bits(seed: int, cut: int, until: int) -> None:
    bars, end = walk(seed), min(SIZE, cut + until)
    whole = derive(bars)
    state = {name: float(whole[name][cut - 1]) for name in STATE}
    rest = derive(part(bars, cut - LOOKBACK, end), Before(LOOKBACK, state))
    for name in COLUMNS:
        assert_array_equal(rest[name], whole[name][cut:end], err_msg=name)
