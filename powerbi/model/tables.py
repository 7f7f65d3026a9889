"""The tables of Tapeline's semantic model: which views, columns and measures there are."""

from __future__ import annotations

from typing import Final

from powerbi.model.definitions import Column, Measure, Table
from powerbi.model.dimensions import columns, keyed

_PERCENT: Final = '0.00"%"'
_COUNT: Final = "#,##0"
_NUMBER: Final = Measure.format_string
_TIMES: Final = "bar_time_utc bar_time_exchange"
_OHLC: Final = "open high low close"


def _rows(name: str, table: str) -> Measure:
    return Measure(name, f"COUNTROWS ( {table} )", _COUNT)


def _total(name: str, column: str) -> Measure:
    return Measure(name, f"SUM ( {column} )", _COUNT)


def _largest(name: str, column: str, format_string: str = _NUMBER) -> Measure:
    return Measure(name, f"MAX ( {column} )", format_string)


QUOTES: Final = Table(
    "Quotes",
    "latest_quote",
    "One row per symbol: its newest bar, how old it is, and its session so far.",
    (
        Column("symbol", "text", is_hidden=True),
        *columns(
            text="interval freshness source market_state",
            date="session_date",
            timestamp=f"{_TIMES} observed_at_utc",
            number="price previous_close change change_percent session_open session_high "
            "session_low session_volume bar_volume age_seconds observed_age_seconds",
            flag="is_final",
        ),
    ),
    (
        _largest("Latest price", "Quotes[price]"),
        _largest("Latest change %", "Quotes[change_percent]", _PERCENT),
        _total("Volume today", "Quotes[session_volume]"),
        _largest("Age in seconds", "Quotes[age_seconds]", _COUNT),
    ),
)
BARS: Final = Table(
    "Bars",
    "bars",
    "One row per symbol, interval and start: each bar as it was observed last.",
    keyed(
        columns(
            timestamp=f"{_TIMES} observed_at_utc",
            whole="minute_of_day revision",
            number=f"{_OHLC} volume",
            text="direction source freshness basis session_part",
            flag="adjusted is_final",
        )
    ),
    (_rows("Number of bars", "Bars"),),
    on_each_basis=True,
)
CANDLES: Final = Table(
    "Candles",
    "candles",
    "One row per symbol, interval and start: candles rolled up from the smallest interval stored.",
    keyed(
        columns(
            timestamp=_TIMES,
            number=f"{_OHLC} volume",
            whole="bars",
            flag="adjusted is_final",
            text="direction rolled_up_from",
        )
    ),
    (
        Measure("Open price", "MAX ( Candles[open] )", description="Of one candle."),
        _largest("High price", "Candles[high]"),
        Measure("Low price", "MIN ( Candles[low] )"),
        Measure("Close price", "MAX ( Candles[close] )", description="Of one candle."),
        Measure("Rising body", "IF ( [Close price] >= [Open price], [Close price] )"),
        Measure("Falling body", "IF ( [Close price] < [Open price], [Open price] )"),
        _total("Candle volume", "Candles[volume]"),
    ),
    on_each_basis=True,
)
ACTIONS: Final = Table(
    "Corporate actions",
    "corporate_actions",
    "One row per symbol, kind, date and number: splits, spin-offs and cash dividends.",
    (
        Column("symbol", "text", is_hidden=True),
        *columns(
            text="kind source",
            date="ex_date declaration_date record_date payment_date reference_date",
            whole="number revision",
            number="numerator denominator amount reference_close price_factor",
            flag="is_in_force",
            timestamp="observed_at_utc",
        ),
    ),
    (_rows("Number of actions", "'Corporate actions'"),),
)
SESSION_STATISTICS: Final = Table(
    "Session statistics",
    "session_statistics",
    "One row per symbol, interval and session: what its stored bars amount to.",
    keyed(
        columns(
            number=f"{_OHLC} volume vwap range_percent open_to_close_percent previous_close "
            "change_percent gap_percent up_volume down_volume realised_volatility_percent",
            whole="bars up_bars down_bars",
            timestamp="first_bar_utc last_bar_utc",
            flag="is_final",
        )
    ),
    (
        _largest("Session change %", "'Session statistics'[change_percent]", _PERCENT),
        _largest("Session range %", "'Session statistics'[range_percent]", _PERCENT),
        _total("Session volume", "'Session statistics'[volume]"),
        _largest(
            "Realised volatility %", "'Session statistics'[realised_volatility_percent]", _PERCENT
        ),
    ),
)
VOLUME_FLOW: Final = Table(
    "Volume flow",
    "volume_flow",
    "One row per symbol, interval and start: volume of rising and falling bars, and the usual one.",
    keyed(
        columns(
            timestamp=_TIMES,
            whole="minute_of_day usual_bars",
            number="volume up_volume down_volume net_volume cumulative_volume "
            "cumulative_net_volume usual_volume relative_volume",
        )
    ),
    (
        _total("Rising volume", "'Volume flow'[up_volume]"),
        Measure("Falling volume", "- SUM ( 'Volume flow'[down_volume] )", _COUNT),
        _largest("Net volume so far", "'Volume flow'[cumulative_net_volume]", _COUNT),
        Measure(
            "Volume against usual",
            "DIVIDE ( SUM ( 'Volume flow'[volume] ), SUM ( 'Volume flow'[usual_volume] ) )",
            '0.0"x"',
        ),
    ),
)
COMPARISON: Final = Table(
    "Comparison",
    "comparison",
    "One row per symbol, interval and start: prices with the session's first open as 100.",
    keyed(columns(timestamp=_TIMES, number="close base_price rebased session_return_percent")),
    (Measure("Price, open = 100", "AVERAGE ( Comparison[rebased] )"),),
)
PAIRS: Final = Table(
    "Pairs",
    "comparison_pairs",
    "One row per symbol, other symbol, interval and start: how the two move together.",
    keyed(
        columns(
            text="other_symbol",
            timestamp=_TIMES,
            number="close other_close rebased other_rebased correlation_20 beta_20",
        )
    ),
    (
        Measure("Mean correlation", "AVERAGE ( Pairs[correlation_20] )"),
        Measure("Mean beta", "AVERAGE ( Pairs[beta_20] )"),
    ),
)
VOLATILITY: Final = Table(
    "Volatility",
    "volatility",
    "One row per symbol, interval and start: bands, ranges and deviations beside the price.",
    keyed(
        columns(
            timestamp=_TIMES,
            number=f"{_OHLC} true_range atr_14 atr_percent volatility_20 "
            "volatility_20_annual_percent bollinger_upper_20 bollinger_middle_20 "
            "bollinger_lower_20 band_width_percent band_position",
        )
    ),
    (
        _largest("Price in bands", "Volatility[close]"),
        _largest("Upper band", "Volatility[bollinger_upper_20]"),
        _largest("Middle band", "Volatility[bollinger_middle_20]"),
        _largest("Lower band", "Volatility[bollinger_lower_20]"),
        _largest("True range average %", "Volatility[atr_percent]", _PERCENT),
        _largest("Volatility a year %", "Volatility[volatility_20_annual_percent]", _PERCENT),
    ),
)
INTRADAY: Final = Table(
    "Intraday",
    "intraday_profile",
    "One row per symbol, intraday interval, session and minute of the day, beside what is usual.",
    keyed(
        columns(
            whole="minute_of_day minute_of_session usual_bars",
            timestamp=_TIMES,
            number="volume volume_share_percent return_percent range_percent usual_volume "
            "usual_return_percent usual_range_percent",
        )
    ),
    (
        _total("Volume at the minute", "Intraday[volume]"),
        _total("Usual volume at the minute", "Intraday[usual_volume]"),
        _largest("Range at the minute %", "Intraday[range_percent]", _PERCENT),
        _largest("Usual range at the minute %", "Intraday[usual_range_percent]", _PERCENT),
    ),
)
ANOMALIES: Final = Table(
    "Anomalies",
    "anomalies",
    "One row per bar and kind of what stands out: price, volume, gap, outlier.",
    keyed(
        columns(
            timestamp=_TIMES,
            text="kind severity reason",
            number=f"value score {_OHLC} volume",
            whole="severity_rank",
        )
    ),
    (_rows("Number of anomalies", "Anomalies"),),
)
SIGNALS: Final = Table(
    "Signals",
    "signals",
    "One row per bar and rule that fired, with what became of the rule's signals before.",
    keyed(
        columns(
            timestamp=_TIMES,
            text="rule direction",
            number="close value threshold return_10_percent past_hit_rate_percent",
            flag="is_hit",
            whole="past_signals past_hits",
        )
    ),
    (_rows("Number of signals", "Signals"),),
)
PATTERNS: Final = Table(
    "Patterns",
    "patterns",
    "One row per bar and classic candle pattern.",
    keyed(columns(timestamp=_TIMES, text="pattern direction", number=f"{_OHLC} volume")),
    (_rows("Number of patterns", "Patterns"),),
)
QUALITY: Final = Table(
    "Data quality",
    "data_quality",
    "One row per symbol, interval and date: which bars are missing, and why.",
    keyed(
        columns(
            text="day_kind status",
            whole="expected_bars stored_bars no_trade_bars missing_bars outage_bars "
            "longest_gap_bars outside_bars revised_bars rejected_records unknown_basis_bars bases",
            number="completeness_percent lag_seconds_median lag_seconds_longest",
            timestamp="opens_at_utc closes_at_utc first_bar_utc last_bar_utc",
        )
    ),
    (Measure("Completeness %", "MIN ( 'Data quality'[completeness_percent] )", _PERCENT),),
)
