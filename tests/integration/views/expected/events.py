"""What bi.anomalies, bi.signals and bi.patterns must show, by pandas from the same bars."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import talib

from tests.integration.views.expected.views import PRICES, SERIES
from tests.integration.views.view_market import MINUTES

LEVELS = {"price": (3, 4, 6), "volume": (3, 4, 6), "gap": (3, 4, 6), "outlier": (5, 7, 10)}
SEVERITIES = {1: "low", 2: "medium", 3: "high"}


def anomalies(table: pd.DataFrame) -> pd.DataFrame:
    """bi.anomalies without the sentence."""
    before, close = table["close_before"], table["close"]
    step = pd.Series(np.where(before >= 1, 0.01, 0.0001), table.index).clip(lower=before / 10_000)
    by_series = table.groupby(SERIES)
    volatility = by_series["volatility_20"].shift().clip(lower=step / before)
    atr = by_series["atr_14"].shift().clip(lower=step)
    bars = table.assign(
        move=np.log(close / before),
        gap=table["open"] / before - 1,
        reach=table["true_range"] / before,
    )
    usual = _usual_at_the_minute(bars)
    known = usual["usual_bars"] >= 5
    least = usual.where(known, 0)
    # The greater of the two, and none where the bars before tell nothing yet.
    price: pd.Series[float] = bars["move"] / volatility.clip(lower=least["move"])
    came_back = ((close - before).abs() <= atr) & (price.abs() < 3)
    reach = pd.Series(bars["reach"] / (atr / before).clip(lower=least["reach"]), table.index)
    spread = usual["volume_deviation"].clip(lower=usual["volume"] / 4)
    usual_score: pd.Series[float] = ((table["volume"] - usual["volume"]) / spread).where(known)
    loud = pd.Series(np.fmin(_volume_score(table), usual_score), table.index)
    scores = {
        "price": (100 * (close / before - 1), price),
        "volume": (table["volume"], loud.where(loud > 0)),
        "gap": (100 * bars["gap"], bars["gap"] / (atr / before).clip(lower=least["gap"])),
        "outlier": (
            100 * bars["reach"],
            reach.where(came_back),
        ),
    }
    part = table["session_part"].fillna("unknown")
    number = table.groupby([*SERIES, "session_date", part]).cumcount() + 1
    is_judged = known | (number > 20) | (table["interval"] == "1d")
    told = table.assign(usual_bars=usual["usual_bars"])
    return pd.concat(
        _event(told, kind, value, score.where(is_judged)) for kind, (value, score) in scores.items()
    )


def _volume_score(table: pd.DataFrame) -> pd.Series[float]:
    # The nineteen bars before, not the twenty that the stored z-score is of.
    volumes = table.groupby(SERIES)["volume"]
    mean = volumes.transform(lambda volume: volume.shift().rolling(19).mean())
    spread = volumes.transform(lambda volume: volume.shift().rolling(19).std(ddof=0))
    all_twenty = volumes.transform(lambda volume: volume.rolling(20).std(ddof=0))
    return (table["volume"] - mean) / spread.clip(lower=all_twenty * np.sqrt(20 / 19) / 100)


def _usual_at_the_minute(bars: pd.DataFrame) -> pd.DataFrame:
    """Return, for each bar, what those at its minute were like on the days before."""
    parts = []
    for (_, interval), series in bars.groupby(SERIES):
        clocks = pd.DatetimeIndex(series["bar_time_exchange"])
        known = series[series["move"].notna()].set_index("bar_time_exchange")
        if interval == "1d":
            known = known.iloc[:0]
        reach = 15 if interval == "1min" else 30
        back = [known.reindex(clocks - pd.Timedelta(days=days)) for days in range(1, reach + 1)]
        past = {
            name: pd.DataFrame([day[name].to_numpy() for day in back], columns=series.index)
            for name in ("move", "gap", "reach", "volume")
        }
        parts.append(
            pd.DataFrame(
                {
                    "usual_bars": past["move"].notna().sum(),
                    "move": np.sqrt((past["move"] ** 2).mean()),
                    "gap": np.sqrt((past["gap"] ** 2).mean()),
                    "reach": past["reach"].mean(),
                    "volume": past["volume"].mean(),
                    "volume_deviation": past["volume"].std(),
                }
            )
        )
    return pd.concat(parts)


def _event(
    table: pd.DataFrame, kind: str, value: pd.Series[float], score: pd.Series[float]
) -> pd.DataFrame:
    rank = sum((score.abs() >= level).astype(int) for level in LEVELS[kind])
    found = table.assign(kind=kind, value=value, score=score, severity_rank=rank)
    found = found[found["severity_rank"] > 0]
    return found.assign(severity=found["severity_rank"].map(SEVERITIES))


def signals(table: pd.DataFrame) -> pd.DataFrame:
    """bi.signals"""
    parts = []
    for (_, interval), series in table.groupby(SERIES):
        most = 1440 // MINUTES[str(interval)] + 1000
        after, after_day = series["close"].shift(-10), series["session_date"].shift(-10)
        is_followed = after.notna() & ((interval == "1d") | (after_day == series["session_date"]))
        followed = series.assign(after=after.where(is_followed), after_day=after_day)
        for day in series["session_date"].unique():
            window = followed[followed["session_date"] <= day].tail(most)
            parts.append(_signals_of(window, day))
    return pd.concat(parts)


def _signals_of(window: pd.DataFrame, day: object) -> pd.DataFrame:
    before = window.shift()
    high, low = pd.Series(70.0, window.index), pd.Series(30.0, window.index)
    rules = [
        ("ma_cross", "up", "sma_20", window["sma_50"], before["sma_50"]),
        ("ma_cross", "down", "sma_20", window["sma_50"], before["sma_50"]),
        ("rsi", "up", "rsi_14", low, low),
        ("rsi", "down", "rsi_14", high, high),
        ("band_break", "up", "close", window["upper"], before["upper"]),
        ("band_break", "down", "close", window["lower"], before["lower"]),
    ]
    is_past = window["after"].notna() & pd.Series(
        [pd.notna(then) and then < day for then in window["after_day"]], window.index
    )
    moves = pd.Series(np.sign(window["after"] - window["close"]), window.index)
    past_moves = moves[is_past & (moves != 0)]
    parts = []
    for rule, direction, name, threshold, threshold_before in rules:
        sign = 1 if direction == "up" else -1
        is_so = sign * (window[name] - threshold) > 0
        was_not = sign * (before[name] - threshold_before) <= 0
        found = window.assign(
            rule=rule,
            direction=direction,
            value=window[name],
            threshold=threshold,
            return_10_percent=100 * (window["after"] / window["close"] - 1),
            is_hit=(moves == sign).where(moves.notna() & (moves != 0)),
        )[is_so & was_not]
        past = moves[found.index][is_past[found.index]]
        hits, ties = int((past == sign).sum()), int((past == 0).sum())
        low_rate, high_rate = _wilson(hits, len(past) - ties)
        parts.append(
            found[found["session_date"] == day].assign(
                past_signals=len(past),
                past_hits=hits,
                past_ties=ties,
                past_hit_rate_percent=100 * hits / (len(past) - ties or np.nan),
                past_hit_rate_low_percent=100 * low_rate,
                past_hit_rate_high_percent=100 * high_rate,
                past_bars=len(past_moves),
                base_rate_percent=100 * (past_moves == sign).sum() / (len(past_moves) or np.nan),
            )
        )
    return pd.concat(parts)


def _wilson(hits: int, cases: int) -> tuple[float, float]:
    """Return the true rates of which the one found lies 1.96 deviations away."""
    if cases == 0:
        return np.nan, np.nan
    rate, z2 = hits / cases, NormalDist().inv_cdf(0.975) ** 2
    below, above = sorted(np.roots([cases + z2, -(2 * cases * rate + z2), cases * rate**2]).real)
    return float(below), float(above)


def patterns(table: pd.DataFrame) -> pd.DataFrame:
    """bi.patterns, by TA-Lib, which gives 80 or 100 with the sign of the direction."""
    shapes: dict[tuple[str, str], tuple[Callable[..., Any], int]] = {
        ("doji", "none"): (talib.CDLDOJI, 1),
        ("hammer", "up"): (talib.CDLHAMMER, 1),
        ("shooting_star", "down"): (talib.CDLSHOOTINGSTAR, -1),
        ("bullish_engulfing", "up"): (talib.CDLENGULFING, 1),
        ("bearish_engulfing", "down"): (talib.CDLENGULFING, -1),
        ("three_white_soldiers", "up"): (talib.CDL3WHITESOLDIERS, 1),
        ("three_black_crows", "down"): (talib.CDL3BLACKCROWS, -1),
    }
    found: list[pd.DataFrame] = []
    for _, series in table.groupby(SERIES):
        prices = [series[name].to_numpy(dtype=float) for name in PRICES]
        for (pattern, direction), (recognise, sign) in shapes.items():
            told = series.assign(pattern=pattern, direction=direction)
            found.append(told[np.sign(recognise(*prices)) == sign])
    return pd.concat(found)
