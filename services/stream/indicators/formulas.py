"""The indicators of bars: moving averages, bands, ranges, strength, each a column of floats.

In come the bars of one series in the order of time, out goes a row of `COLUMNS` for each. Each
value depends on the bars alone and is the same to the last bit wherever a computation begins, so
that any order of arrival ends in one table; running sums, as libraries keep them, would not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LOOKBACK: Final = 200
"""How many bars before a bar its value can depend on, beside the state of the one before it."""

STATE: Final = (
    "ema_12",
    "ema_26",
    "ema_50",
    "atr_14",
    "average_gain_14",
    "average_loss_14",
    "session_turnover",
    "session_volume",
)
"""The columns from which a computation goes on."""

COLUMNS: Final = (
    "change",
    "change_percent",
    "sma_20",
    "sma_50",
    "sma_200",
    "ema_12",
    "ema_26",
    "ema_50",
    "vwap",
    "true_range",
    "atr_14",
    "volatility_20",
    "bollinger_upper_20",
    "bollinger_lower_20",
    "rsi_14",
    "volume_zscore_20",
    "average_gain_14",
    "average_loss_14",
    "session_turnover",
    "session_volume",
)


@dataclass(frozen=True)
class Bars:
    """Bars of one series in ascending time, a value each; sessions are days since 1970."""

    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    session: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.close)


@dataclass(frozen=True)
class Before:
    """Where a computation goes on: after the first `bars` of those given, at least LOOKBACK, of
    which the last one has these values of STATE."""

    bars: int
    state: Mapping[str, float]


def derive(bars: Bars, before: Before | None = None) -> dict[str, Floats]:
    """Return COLUMNS of every bar after those `before`; NaN where the warm-up is not over.

    Without `before` the bars are those of the series from its beginning.
    """
    change = _change(bars.close)
    columns = _of_price(bars.close, change, before)
    columns |= _of_range(bars, before)
    columns |= _of_strength(change, before)
    columns |= _of_session(bars, before)
    columns["volume_zscore_20"] = _zscore(bars.volume, 20)
    skipped = before.bars if before else 0
    return {name: columns[name][skipped:] for name in COLUMNS}


def _of_price(close: Floats, change: Floats, before: Before | None) -> dict[str, Floats]:
    average = _mean(close, 20)
    # Population deviation, as John Bollinger defines it.
    width = 2.0 * np.sqrt(_squares(close, 20) / 20)
    previous = _empty(len(close))
    previous[1:] = close[:-1]
    returns = np.log(close / previous)
    return {
        "change": change,
        "change_percent": 100.0 * change / previous,
        "sma_20": average,
        "sma_50": _mean(close, 50),
        "sma_200": _mean(close, 200),
        "bollinger_upper_20": average + width,
        "bollinger_lower_20": average - width,
        "volatility_20": np.sqrt(_squares(returns, 20) / 19),
        **{
            f"ema_{length}": _recursive(
                f"ema_{length}", close, (0, length), partial(_exponential, length), before
            )
            for length in (12, 26, 50)
        },
    }


def _of_range(bars: Bars, before: Before | None) -> dict[str, Floats]:
    true_range = _empty(len(bars))
    last = bars.close[:-1]
    true_range[1:] = np.maximum(bars.high[1:], last) - np.minimum(bars.low[1:], last)
    atr = _recursive("atr_14", true_range, (1, 14), partial(_wilder, 14), before)
    return {"true_range": true_range, "atr_14": atr}


def _of_strength(change: Floats, before: Before | None) -> dict[str, Floats]:
    smooth = partial(_wilder, 14)
    gain = _recursive("average_gain_14", np.maximum(change, 0.0), (1, 14), smooth, before)
    loss = _recursive("average_loss_14", np.maximum(-change, 0.0), (1, 14), smooth, before)
    rsi = 100.0 * _ratio(gain, gain + loss)
    return {"average_gain_14": gain, "average_loss_14": loss, "rsi_14": rsi}


def _of_session(bars: Bars, before: Before | None) -> dict[str, Floats]:
    typical = (bars.high + bars.low + bars.close) / 3.0
    turnover = _since_open("session_turnover", typical * bars.volume, bars.session, before)
    volume = _since_open("session_volume", bars.volume, bars.session, before)
    return {
        "session_turnover": turnover,
        "session_volume": volume,
        "vwap": _ratio(turnover, volume),
    }


def _exponential(length: int, average: float, value: float) -> float:
    return (value - average) * (2.0 / (length + 1)) + average


def _wilder(length: int, average: float, value: float) -> float:
    return (average * (length - 1) + value) / length


def _recursive(
    name: str,
    values: Floats,
    seed: tuple[int, int],
    step: Callable[[float, float], float],
    before: Before | None,
) -> Floats:
    # From the mean of the first values, `seed` (where they begin, how many), or from the state.
    result = _empty(len(values))
    first, length = seed
    begin = before.bars - 1 if before else first + length - 1
    if begin < len(values):
        start = before.state[name] if before else float(np.sum(values[first : begin + 1])) / length
        result[begin:] = list(accumulate(values[begin + 1 :].tolist(), step, initial=start))
    return result


def _since_open(
    name: str, values: Floats, session: NDArray[np.int64], before: Before | None
) -> Floats:
    result = _empty(len(values))
    begin = before.bars - 1 if before else 0
    if begin < len(values):
        start = before.state[name] if before else float(values[0])
        opens = (np.diff(session[begin:]) != 0).tolist()
        following = zip(values[begin + 1 :].tolist(), opens, strict=True)
        result[begin:] = list(_totals(start, following))
    return result


def _totals(total: float, following: Iterable[tuple[float, bool]]) -> Iterator[float]:
    yield total
    for value, opens in following:
        total = value if opens else total + value
        yield total


def _change(close: Floats) -> Floats:
    change = _empty(len(close))
    change[1:] = np.diff(close)
    return change


def _mean(values: Floats, length: int) -> Floats:
    return _over_windows(values, length, lambda windows: _sums(windows) / length)


def _squares(values: Floats, length: int) -> Floats:
    """Sum of squared deviations from the mean of each window."""

    def squares(windows: Floats) -> Floats:
        return _sums((windows - (_sums(windows) / length)[:, np.newaxis]) ** 2)

    return _over_windows(values, length, squares)


def _zscore(values: Floats, length: int) -> Floats:
    deviation = np.sqrt(_squares(values, length) / length)
    return _ratio(values - _mean(values, length), deviation)


def _over_windows(values: Floats, length: int, of: Callable[[Floats], Floats]) -> Floats:
    result = _empty(len(values))
    if len(values) >= length:
        result[length - 1 :] = of(np.lib.stride_tricks.sliding_window_view(values, length))
    return result


def _sums(windows: Floats) -> Floats:
    # Added up from the oldest on, whatever the number of windows; np.sum chooses its own order.
    return np.add.accumulate(windows, axis=1)[:, -1]


def _ratio(part: Floats, whole: Floats) -> Floats:
    """Divide; NaN, no value, where nothing is there to be divided by."""
    return np.divide(part, whole, out=_empty(len(part)), where=whole != 0)


def _empty(size: int) -> Floats:
    return np.full(size, np.nan)
