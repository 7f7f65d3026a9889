"""What each measure is of the rows that a choice leaves, by pandas."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import pandas as pd

Rows = pd.DataFrame
Expected = Callable[[Rows], Any]
SYMBOLS = ("AAPL", "TSLA")
INTERVALS = ("1min", "5min")
SESSIONS = (date(2026, 11, 5), date(2026, 11, 6))
MINUTES = (570, 575, 580)


def blank(value: Any) -> Any:
    return None if pd.isna(value) else value


def one(rows: Rows, *keys: str) -> bool:
    return all(rows[key].nunique() == 1 for key in keys)


def at_end(column: str, place: int) -> Expected:
    """Of one series: the bars in the order of time, and of them the first or the last."""

    def value(rows: Rows) -> Any:
        if not one(rows, "symbol", "interval"):
            return None
        return blank(rows.sort_values("bar_time_utc")[column].iloc[place])

    return value


def single(column: str, *keys: str) -> Expected:
    """Of the one row there is; the choice has to leave one."""

    def value(rows: Rows) -> Any:
        return blank(rows[column].iloc[0]) if one(rows, *keys) and len(rows) == 1 else None

    return value


def summed(column: str, sign: int = 1) -> Expected:
    def value(rows: Rows) -> Any:
        if not one(rows, "interval") or rows[column].isna().all():
            return None
        return sign * sum(number for number in rows[column] if not pd.isna(number))

    return value


def averaged(column: str, *keys: str) -> Expected:
    return lambda rows: blank(rows[column].mean()) if one(rows, *keys) else None


def of_series(column: str, function: str) -> Expected:
    return lambda rows: (
        blank(rows[column].agg(function)) if one(rows, "symbol", "interval") else None
    )


def body(rising: bool) -> Expected:
    def value(rows: Rows) -> Any:
        first, newest = at_end("open", 0)(rows), at_end("close", -1)(rows)
        if first is None or newest is None:
            return None
        if rising:
            return newest if newest >= first else None
        return first if newest < first else None

    return value


def against_usual(rows: Rows) -> Any:
    known = rows[rows["usual_volume"].notna()]
    if not one(rows, "symbol", "interval") or known.empty or known["volume"].isna().all():
        return None
    return known["volume"].sum() / known["usual_volume"].sum()


def completeness(rows: Rows) -> Any:
    return 100 * rows["stored_bars"].sum() / rows["expected_bars"].sum()


def change(function: Callable[[float], float]) -> Expected:
    """Of the last close over the first open."""

    def value(rows: Rows) -> Any:
        first, newest = at_end("open", 0)(rows), at_end("close", -1)(rows)
        return None if first is None or newest is None else 100 * function(newest / first)

    return value


def spread(rows: Rows) -> Any:
    if not one(rows, "symbol", "interval"):
        return None
    first = rows.sort_values("bar_time_utc")["open"].iloc[0]
    return 100 * (rows["high"].max() - rows["low"].min()) / first


def vwap(rows: Rows) -> Any:
    traded = rows[rows["volume"].notna()]
    if not one(rows, "symbol", "interval") or traded.empty:
        return None
    typical = (traded["high"] + traded["low"] + traded["close"]) / 3
    return (typical * traded["volume"]).sum() / traded["volume"].sum()


def marker(rows: Rows) -> Any:
    """Only AAPL of the second session has actions, and a session's first candle starts at 570."""
    keys = {tuple(row) for row in rows[["symbol", "session_date"]].to_numpy()}
    if keys != {("AAPL", SESSIONS[1])} or rows["interval"].nunique() > 1:
        return None
    return rows["high"].max() if rows["minute_of_day"].min() == MINUTES[0] else None


def outcomes(hits_alone: bool) -> Expected:
    def value(rows: Rows) -> Any:
        known = [hit for hit in rows["is_hit"] if hit is not None]
        if not one(rows, "interval"):
            return None
        return (sum(known) if hits_alone else len(known)) or None

    return value


def hit_rate(rows: Rows) -> Any:
    known = [hit for hit in rows["is_hit"] if hit is not None]
    return 100 * sum(known) / len(known) if one(rows, "interval") and known else None


def longest_lag(rows: Rows) -> Any:
    return blank(rows["lag_seconds_longest"].max())


LATEST = ("symbol",)
SESSION = ("symbol", "interval", "session_date")
EXPECTED: Mapping[str, Expected] = {
    "Latest price": single("price", *LATEST),
    "Latest change %": single("change_percent", *LATEST),
    "Volume today": lambda rows: rows["session_volume"].sum(),
    "Age in seconds": single("age_seconds", *LATEST),
    "Open price": at_end("open", 0),
    "High price": of_series("high", "max"),
    "Low price": of_series("low", "min"),
    "Close price": at_end("close", -1),
    "Rising body": body(rising=True),
    "Falling body": body(rising=False),
    "Candle volume": summed("volume"),
    "Session change %": single("change_percent", *SESSION),
    "Session range %": single("range_percent", *SESSION),
    "Session volume": summed("volume"),
    "Realised volatility %": single("realised_volatility_percent", *SESSION),
    "Rising volume": summed("up_volume"),
    "Falling volume": summed("down_volume", sign=-1),
    "Net volume so far": at_end("cumulative_net_volume", -1),
    "Volume against usual": against_usual,
    "Price, open = 100": at_end("rebased", -1),
    "Mean correlation": averaged("correlation_20", "interval"),
    "Mean beta": averaged("beta_20", "interval"),
    "Price in bands": at_end("close", -1),
    "Upper band": at_end("bollinger_upper_20", -1),
    "Middle band": at_end("bollinger_middle_20", -1),
    "Lower band": at_end("bollinger_lower_20", -1),
    "True range average %": at_end("atr_percent", -1),
    "Volatility a year %": at_end("volatility_20_annual_percent", -1),
    "Volume at the minute": summed("volume"),
    "Usual volume at the minute": summed("usual_volume"),
    "Range at the minute %": averaged("range_percent", "symbol", "interval"),
    "Usual range at the minute %": averaged("usual_range_percent", "symbol", "interval"),
    "Completeness %": completeness,
    "Ex-date marker": marker,
    "VWAP": vwap,
    "Return %": change(lambda ratio: ratio - 1),
    "Log return %": change(math.log),
    "Range %": spread,
    "Overnight gap %": single("gap_percent", *SESSION),
    "Open to close %": single("open_to_close_percent", *SESSION),
    "Session VWAP": single("vwap", *SESSION),
    "Signals with outcome": outcomes(hits_alone=False),
    "Hits": outcomes(hits_alone=True),
    "Hit rate %": hit_rate,
    "Expected bars": summed("expected_bars"),
    "Stored bars": summed("stored_bars"),
    "Bars without trade": summed("no_trade_bars"),
    "Missing bars": summed("missing_bars"),
    "Bars in outages": summed("outage_bars"),
    "Revised bars": summed("revised_bars"),
    "Rejected records": summed("rejected_records"),
    "Longest lag in seconds": longest_lag,
    **{
        f"Number of {what}": len for what in ("bars", "anomalies", "signals", "patterns", "actions")
    },
}
