"""What the views must show, by pandas from the same bars; each function's frame is a whole view."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from tests.integration.views.view_market import (
    hours_of,
    part_of,
    possible_bars,
    sessions_a_year,
    zone_of,
)

SERIES = ["symbol", "interval"]
SESSION = [*SERIES, "session_date"]
PRICES = ["open", "high", "low", "close"]


def prepared(bars: pd.DataFrame) -> pd.DataFrame:
    """Return the bars with float prices, the clocks, and the indicators that views use."""
    table = bars.sort_values([*SERIES, "bar_time"], ignore_index=True)
    table[PRICES] = table[PRICES].astype(float)
    table["volume"] = table["volume"].astype(float)
    table["bar_time_utc"] = table["bar_time"].dt.tz_localize(None)
    table["bar_time_exchange"] = [
        at.tz_convert(zone_of(symbol)).tz_localize(None)
        for at, symbol in zip(table["bar_time"], table["symbol"], strict=True)
    ]
    clock = table["bar_time_exchange"].dt
    table["minute_of_day"] = clock.hour * 60 + clock.minute
    places = ("symbol", "interval", "session_date", "bar_time")
    rows = zip(*(table[name] for name in places), strict=True)
    table["session_part"] = pd.Series([part_of(*row) for row in rows], table.index, dtype=object)
    up, down = table["close"] > table["open"], table["close"] < table["open"]
    table["direction"] = np.select([up, down], ["up", "down"], "none")
    parts = [_derived(part) for _, part in table.groupby(SERIES, sort=False)]
    return pd.concat(parts, ignore_index=True) if parts else table


def _derived(series: pd.DataFrame) -> pd.DataFrame:
    close, volume = series["close"], series["volume"]
    before = close.shift()
    highest, lowest = np.maximum(series["high"], before), np.minimum(series["low"], before)
    true_range = pd.Series(highest - lowest, series.index)
    log_return = pd.Series(np.log(close / before), series.index)
    gain = _wilder((close - before).clip(lower=0))
    loss = _wilder((before - close).clip(lower=0))
    deviation = close.rolling(20).std(ddof=0)
    spread = volume.rolling(20).std(ddof=0)
    return series.assign(
        close_before=before,
        true_range=true_range,
        atr_14=_wilder(true_range),
        volatility_20=log_return.rolling(20).std(),
        sma_20=close.rolling(20).mean(),
        sma_50=close.rolling(50).mean(),
        upper=close.rolling(20).mean() + 2 * deviation,
        lower=close.rolling(20).mean() - 2 * deviation,
        rsi_14=100 * gain / (gain + loss),
        volume_zscore_20=(volume - volume.rolling(20).mean()) / spread.where(spread > 1e-9),
    )


def _wilder(values: pd.Series[float]) -> pd.Series[float]:
    # The mean of the first 14, then an exponential mean of weight 1/14.
    seeded = values.copy()
    seeded.iloc[:14] = np.nan
    if len(values) > 14:
        seeded.iloc[14] = values.iloc[1:15].mean()
    return seeded.ewm(alpha=1 / 14, adjust=False).mean()


def bars_view(table: pd.DataFrame) -> pd.DataFrame:
    """bi.bars"""
    return table.assign(
        source="simulator",
        freshness="simulated",
        adjusted=True,
        basis="unknown",
        observed_at_utc=table["observed_at"].dt.tz_localize(None),
    )


def session_statistics(table: pd.DataFrame) -> pd.DataFrame:
    """bi.session_statistics: of regular hours, or of all where those are not known"""
    rows = []
    counted = table[table["session_part"].fillna("regular") == "regular"]
    counted = counted.assign(close_before=counted.groupby(SERIES)["close"].shift())
    for (symbol, interval, day), own in counted.groupby(SESSION):
        first, last = own.iloc[0], own.iloc[-1]
        opened, closed, before = first["open"], last["close"], first["close_before"]
        up, down = own[own["close"] > own["open"]], own[own["close"] < own["open"]]
        total = own["volume"].sum()
        typical = (own["high"] + own["low"] + own["close"]) / 3
        moves = np.log(own["close"] / own["close"].shift().fillna(opened))
        rows.append(
            {
                "symbol": symbol,
                "interval": interval,
                "session_date": day,
                "open": opened,
                "high": own["high"].max(),
                "low": own["low"].min(),
                "close": closed,
                "volume": total,
                "bars": len(own),
                "vwap": (typical * own["volume"]).sum() / total if total else np.nan,
                "range_percent": 100 * (own["high"].max() - own["low"].min()) / opened,
                "open_to_close_percent": 100 * (closed / opened - 1),
                "previous_close": before,
                "change_percent": 100 * (closed / before - 1),
                "gap_percent": 100 * (opened / before - 1),
                "up_bars": len(up),
                "down_bars": len(down),
                "up_volume": up["volume"].sum(),
                "down_volume": down["volume"].sum(),
                "realised_volatility_percent": 100 * np.sqrt((moves**2).sum()),
                "first_bar_utc": first["bar_time_utc"],
                "last_bar_utc": last["bar_time_utc"],
                "is_final": own["is_final"].all(),
            }
        )
    return pd.DataFrame(rows)


def _usual(table: pd.DataFrame) -> pd.DataFrame:
    """Return each bar with the means of those at the same minute in the days before."""
    parts = []
    measured = table.assign(
        return_percent=100 * (table["close"] / table["open"] - 1),
        range_percent=100 * (table["high"] - table["low"]) / table["open"],
    )
    for (_, interval), series in measured.groupby(SERIES):
        back = pd.Timedelta(days=8 if interval == "1min" else 30, hours=9)
        for day, own in series.groupby("session_date"):
            begin = pd.Timestamp(str(day), tz="UTC") - back
            past = series[(series["session_date"] < day) & (series["bar_time"] >= begin)]
            usual = past.groupby("minute_of_day").agg(
                usual_bars=("volume", "size"),
                usual_volume=("volume", "mean"),
                usual_return_percent=("return_percent", "mean"),
                usual_range_percent=("range_percent", "mean"),
            )
            joined = own.join(usual, on="minute_of_day")
            parts.append(joined.assign(usual_bars=joined["usual_bars"].fillna(0)))
    return pd.concat(parts)


def volume_flow(table: pd.DataFrame) -> pd.DataFrame:
    """bi.volume_flow"""
    usual = _usual(table)
    up = usual["volume"].where(usual["close"] > usual["open"], 0)
    down = usual["volume"].where(usual["close"] < usual["open"], 0)
    flow = usual.assign(up_volume=up, down_volume=down, net_volume=up - down)
    sums = flow.groupby(SESSION)[["volume", "net_volume"]].cumsum()
    return flow.assign(
        cumulative_volume=sums["volume"],
        cumulative_net_volume=sums["net_volume"],
        relative_volume=flow["volume"] / flow["usual_volume"].where(flow["usual_volume"] != 0),
    )


def intraday_profile(table: pd.DataFrame) -> pd.DataFrame:
    """bi.intraday_profile"""
    usual = _usual(table[table["interval"] != "1d"])
    total = usual.groupby(SESSION)["volume"].transform("sum")
    hours = [
        hours_of(symbol, day)
        for symbol, day in zip(usual["symbol"], usual["session_date"], strict=True)
    ]
    opened = pd.Series([each[0] if each else None for each in hours], usual.index)
    opened = pd.to_datetime(opened, utc=True)
    return usual.assign(
        minute_of_session=(usual["bar_time"] - opened).dt.total_seconds() / 60,
        volume_share_percent=100 * usual["volume"] / total.where(total != 0),
    )


def volatility(table: pd.DataFrame) -> pd.DataFrame:
    """bi.volatility"""
    width = table["upper"] - table["lower"]
    return table.assign(
        atr_percent=100 * table["atr_14"] / table["close"],
        volatility_20_annual_percent=_annual_percent(table),
        bollinger_upper_20=table["upper"],
        bollinger_middle_20=table["sma_20"],
        bollinger_lower_20=table["lower"],
        band_width_percent=100 * width / table["sma_20"],
        band_position=(table["close"] - table["lower"]) / width,
    )


def _annual_percent(table: pd.DataFrame) -> pd.Series[Any]:
    """Return the volatility by year of the returns of regular hours, as of each bar."""
    parts = []
    for (symbol, interval), series in table.groupby(SERIES):
        back = pd.Timedelta(days=8 if interval == "1min" else 30, hours=9)
        is_regular = series["session_part"].fillna("regular") == "regular"
        for day in series["session_date"].unique():
            own = series[series["session_date"] == day]
            begin = pd.Timestamp(str(day), tz="UTC") - back
            seen = series[(series["session_date"] <= day) & (series["bar_time"] >= begin)]
            regular = seen[is_regular[seen.index]]
            returns = pd.Series(np.log(regular["close"] / regular["close"].shift()), regular.index)
            deviation = returns.rolling(20).std().reindex(seen.index).ffill()
            if interval == "1d":
                deviation = seen["volatility_20"]
            sessions = seen["session_date"].nunique() - 1
            before = (regular["session_date"] < day).sum()
            bars = before / sessions if sessions else possible_bars(str(symbol), str(interval), day)
            a_year = bars * sessions_a_year(str(symbol), day)
            parts.append(100 * deviation[own.index] * np.sqrt(a_year))
    found: pd.Series[Any] = pd.concat(parts)
    return found.reindex(table.index)
