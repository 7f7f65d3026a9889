"""The tables of the API that hold bars, what belongs to them, and candles. Pure facts."""

from __future__ import annotations

from typing import Final

from services.dashboard.data_api.dataset import OHLC, Dataset, columns

CANDLE_INTERVALS: Final = ("5min", "15min", "30min", "60min", "1d")

BARS: Final = Dataset(
    "bars",
    "Stored bars, one row per (symbol, interval, bar_time): the newest observation of each.",
    "bi.events_stream",
    columns(
        text="symbol interval",
        instant="bar_time",
        exact=f"{OHLC} volume",
        day="session_date",
        text_2="source freshness basis",
        flag="adjusted is_final",
        instant_2="observed_at",
        whole="revision",
        instant_3="inserted_at updated_at",
        text_3="session_part",
    ),
    ("symbol", "interval", "bar_time"),
    "bar_time",
    past="bi.bars_as_of",
    adjusted_view="bi.events_stream_{basis}",
)
REVISIONS: Final = Dataset(
    "revisions",
    "Each value of a bar that a newer one replaced, one row per (symbol, interval, bar_time, "
    "revision).",
    "bi.bar_revisions",
    columns(
        text="symbol interval",
        instant="bar_time",
        exact=f"{OHLC} volume",
        day="session_date",
        text_2="source freshness basis",
        flag="adjusted is_final",
        instant_2="observed_at",
        whole="revision",
        instant_3="inserted_at updated_at replaced_at",
        text_3="session_part",
    ),
    ("symbol", "interval", "bar_time", "revision"),
    "bar_time",
)
INDICATORS: Final = Dataset(
    "indicators",
    "Indicators, one row per (symbol, interval, bar_time); null until a warm-up is over.",
    "bi.bar_indicators",
    columns(
        text="symbol interval",
        instant="bar_time",
        day="session_date",
        real="change change_percent sma_20 sma_50 sma_200 ema_12 ema_26 ema_50 vwap true_range "
        "atr_14 volatility_20 bollinger_upper_20 bollinger_middle_20 bollinger_lower_20 rsi_14 "
        "volume_zscore_20",
        instant_2="computed_at",
    ),
    ("symbol", "interval", "bar_time"),
    "bar_time",
    adjusted_view="bi.bar_indicators_{basis}",
)
ACTIONS: Final = Dataset(
    "corporate-actions",
    "Splits, spin-offs and cash dividends, with what each multiplies earlier prices by.",
    "bi.corporate_actions",
    columns(
        text="symbol kind",
        day="ex_date",
        whole="number",
        exact="numerator denominator amount",
        day_2="declaration_date record_date payment_date",
        flag="is_in_force",
        exact_2="reference_close",
        day_3="reference_date",
        exact_3="price_factor",
        text_2="source",
        whole_2="revision",
        utc="observed_at_utc",
    ),
    ("symbol", "ex_date", "kind", "number"),
    "ex_date",
    names_others=True,
)
_CANDLE: Final = columns(
    text="symbol",
    instant="bar_time",
    day="session_date",
    exact=f"{OHLC} volume",
    whole="bars",
    flag="is_final",
    text_2="rolled_up_from",
    real="covered_percent",
)
_ON_A_BASIS: Final = """
(select * from bi.candles_{basis} where interval = 'INTERVAL') as candles
"""
CANDLES: Final = tuple(
    Dataset(
        f"candles/{interval}",
        f"Candles of {interval}, rolled up from the stored interval that covers each session.",
        f"bi.candles_{interval}",
        _CANDLE,
        ("symbol", "session_date", "bar_time"),
        "session_date",
        adjusted_view=_ON_A_BASIS.replace("INTERVAL", interval),
    )
    for interval in CANDLE_INTERVALS
)
FROM_OPEN: Final = Dataset(
    "candles/60min-from-open",
    "Candles of regular hours by the hour from the opening; candles/60min start at full hours.",
    "bi.candles_60min_from_open",
    (*_CANDLE, *columns(flag="adjusted", text="basis")),
    ("symbol", "session_date", "bar_time"),
    "session_date",
    adjusted_view="bi.candles_60min_from_open_{basis}",
)
ALL_HOURS: Final = Dataset(
    "candles/1d-all-hours",
    "Candles of all hours of each trade date; candles/1d are of regular hours alone.",
    "bi.candles_1d_all_hours",
    columns(
        text="symbol",
        instant="bar_time",
        day="session_date",
        exact=f"{OHLC} volume",
        whole="bars",
        flag="is_final adjusted",
        text_2="rolled_up_from basis",
    ),
    ("symbol", "session_date"),
    "session_date",
    adjusted_view="bi.candles_1d_all_hours_{basis}",
)
QUOTES: Final = Dataset(
    "quotes",
    "One row per symbol: its newest price, of a bar or of a quote, and that session so far.",
    "bi.latest_quote",
    columns(
        text="symbol interval",
        day="session_date",
        instant="bar_time quote_time",
        local="bar_time_exchange",
        exact="price previous_close change",
        real="change_percent",
        exact_2="session_open session_high session_low session_volume bar_volume",
        flag="is_final",
        text_2="freshness source",
        utc="observed_at_utc",
        real_2="observed_age_seconds age_seconds delay_seconds",
        text_3="market_state",
    ),
    ("symbol",),
)
