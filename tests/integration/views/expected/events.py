"""What bi.anomalies, bi.signals and bi.patterns must show, by pandas from the same bars."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tests.integration.views.expected.views import SERIES
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
    price = bars["move"] / volatility.clip(lower=least["move"])
    came_back = ((close - before).abs() <= atr) & (price.abs() < 3)
    reach = pd.Series(bars["reach"] / (atr / before).clip(lower=least["reach"]), table.index)
    spread = np.maximum(usual["volume_deviation"], usual["volume"] / 4)
    usual_score = ((table["volume"] - usual["volume"]) / spread).where(known)
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
    """Return, for each bar, what those at its minute were like on the thirty days before."""
    parts = []
    for (_, interval), series in bars.groupby(SERIES):
        clocks = pd.DatetimeIndex(series["bar_time_exchange"])
        known = series[series["move"].notna()].set_index("bar_time_exchange")
        if interval == "1d":
            known = known.iloc[:0]
        back = [known.reindex(clocks - pd.Timedelta(days=days)) for days in range(1, 31)]
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
        for day in series["session_date"].unique():
            window = series[series["session_date"] <= day].tail(most)
            parts.append(_signals_of(window, day))
    return pd.concat(parts)


def _signals_of(window: pd.DataFrame, day: object) -> pd.DataFrame:
    before = window.shift()
    after, after_day = window["close"].shift(-10), window["session_date"].shift(-10)
    high, low = pd.Series(70.0, window.index), pd.Series(30.0, window.index)
    rules = [
        ("ma_cross", "up", "sma_20", window["sma_50"], before["sma_50"]),
        ("ma_cross", "down", "sma_20", window["sma_50"], before["sma_50"]),
        ("rsi", "up", "rsi_14", low, low),
        ("rsi", "down", "rsi_14", high, high),
        ("band_break", "up", "close", window["upper"], before["upper"]),
        ("band_break", "down", "close", window["lower"], before["lower"]),
    ]
    parts = []
    for rule, direction, name, threshold, threshold_before in rules:
        sign = 1 if direction == "up" else -1
        is_so = sign * (window[name] - threshold) > 0
        was_not = sign * (before[name] - threshold_before) <= 0
        hit = (sign * (after - window["close"]) > 0).where(after.notna())
        found = window.assign(
            rule=rule,
            direction=direction,
            value=window[name],
            threshold=threshold,
            return_10_percent=100 * (after / window["close"] - 1),
            is_hit=hit,
            is_past=[pd.notna(then) and then < day for then in after_day],
        )[is_so & was_not]
        past = found[found["is_past"]]
        hits = int(past["is_hit"].sum())
        parts.append(
            found[found["session_date"] == day].assign(
                past_signals=len(past),
                past_hits=hits,
                past_hit_rate_percent=100 * hits / len(past) if len(past) else np.nan,
            )
        )
    return pd.concat(parts)


def patterns(table: pd.DataFrame) -> pd.DataFrame:
    """bi.patterns"""
    opened, close, high, low = (table[name] for name in ("open", "close", "high", "low"))
    by_series = table.groupby(SERIES)
    open_1, open_2 = by_series["open"].shift(), by_series["open"].shift(2)
    close_1, close_2 = by_series["close"].shift(), by_series["close"].shift(2)
    body = (close - opened).abs().round(6)
    body_1 = (close_1 - open_1).abs().round(6)
    upper = (high - np.maximum(opened, close)).round(6)
    lower = (np.minimum(opened, close) - low).round(6)
    up, up_1, up_2 = close > opened, close_1 > open_1, close_2 > open_2
    down, down_1, down_2 = close < opened, close_1 < open_1, close_2 < open_2
    shapes = {
        ("doji", "none"): (high > low) & (body <= ((high - low) / 10).round(7)),
        ("hammer", "up"): (body > 0) & (lower >= 2 * body) & (upper * 3 <= body),
        ("shooting_star", "down"): (body > 0) & (upper >= 2 * body) & (lower * 3 <= body),
        ("bullish_engulfing", "up"): (
            up & down_1 & (opened <= close_1) & (close >= open_1) & (body > body_1)
        ),
        ("bearish_engulfing", "down"): (
            down & up_1 & (opened >= close_1) & (close <= open_1) & (body > body_1)
        ),
        ("three_white_soldiers", "up"): (
            (up & up_1 & up_2)
            & (opened.between(open_1, close_1) & open_1.between(open_2, close_2))
            & ((close > close_1) & (close_1 > close_2))
        ),
        ("three_black_crows", "down"): (
            (down & down_1 & down_2)
            & (opened.between(close_1, open_1) & open_1.between(close_2, open_2))
            & ((close < close_1) & (close_1 < close_2))
        ),
    }
    found: list[pd.DataFrame] = [
        table.assign(pattern=pattern, direction=direction)[there]
        for (pattern, direction), there in shapes.items()
    ]
    return pd.concat(found)
