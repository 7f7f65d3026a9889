"""The tables of Tapeline's semantic model: which views, columns and measures there are."""

from __future__ import annotations

from typing import Final

from powerbi.model.aggregates import (
    COUNT,
    PERCENT,
    SERIES,
    SESSION,
    at_end,
    extreme,
    last,
    mean,
    of_one,
    rows,
    single,
    total,
)
from powerbi.model.definitions import Column, Measure, Table
from powerbi.model.dimensions import BAR_TIMES, OHLC, columns, keyed

_STATISTICS: Final = "'Session statistics'"
_FLOW: Final = "'Volume flow'"
_USUALLY_TRADED: Final = (
    f"CALCULATE ( SUM ( {_FLOW}[volume] ), NOT ( ISBLANK ( {_FLOW}[usual_volume] ) ) )"
)


QUOTES: Final = Table(
    "Quotes",
    "latest_quote",
    "One row per symbol: its newest bar, how old it is, and its session so far.",
    (
        Column("symbol", "text", is_hidden=True),
        *columns(
            text="interval freshness source market_state",
            date="session_date",
            timestamp=f"{BAR_TIMES} observed_at_utc",
            number="price previous_close change change_percent session_open session_high "
            "session_low session_volume bar_volume age_seconds observed_age_seconds",
            flag="is_final",
        ),
    ),
    (
        single("Latest price", "Quotes", "price", ("symbol",), Measure.format_string),
        single("Latest change %", "Quotes", "change_percent", ("symbol",), PERCENT),
        Measure("Volume today", "SUM ( Quotes[session_volume] )", COUNT),
        single("Age in seconds", "Quotes", "age_seconds", ("symbol",), COUNT),
    ),
)
BARS: Final = Table(
    "Bars",
    "bars",
    "One row per symbol, interval and start: each bar as it was observed last.",
    keyed(
        columns(
            timestamp=f"{BAR_TIMES} observed_at_utc",
            whole="minute_of_day revision",
            number=f"{OHLC} volume",
            text="direction source freshness basis session_part",
            flag="adjusted is_final",
        )
    ),
    (rows("Number of bars", "Bars"),),
    on_each_basis=True,
)
CANDLES: Final = Table(
    "Candles",
    "candles",
    "One row per symbol, interval and start: candles rolled up from the smallest interval stored.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            number=f"{OHLC} volume",
            whole="bars",
            flag="adjusted is_final",
            text="direction rolled_up_from",
        )
    ),
    (
        at_end("Open price", "Candles", "open", "first"),
        extreme("High price", "Candles", "high", "MAX"),
        extreme("Low price", "Candles", "low", "MIN"),
        last("Close price", "Candles", "close"),
        Measure("Rising body", "IF ( [Close price] >= [Open price], [Close price] )"),
        Measure("Falling body", "IF ( [Close price] < [Open price], [Open price] )"),
        total("Candle volume", "Candles", "volume"),
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
    (rows("Number of actions", "'Corporate actions'"),),
)
SESSION_STATISTICS: Final = Table(
    "Session statistics",
    "session_statistics",
    "One row per symbol, interval and session: what its stored bars amount to.",
    keyed(
        columns(
            number=f"{OHLC} volume vwap range_percent open_to_close_percent previous_close "
            "change_percent gap_percent up_volume down_volume realised_volatility_percent",
            whole="bars up_bars down_bars",
            timestamp="first_bar_utc last_bar_utc",
            flag="is_final",
        )
    ),
    (
        single("Session change %", _STATISTICS, "change_percent", SESSION, PERCENT),
        single("Session range %", _STATISTICS, "range_percent", SESSION, PERCENT),
        total("Session volume", _STATISTICS, "volume"),
        single(
            *("Realised volatility %", _STATISTICS, "realised_volatility_percent", SESSION, PERCENT)
        ),
    ),
)
VOLUME_FLOW: Final = Table(
    "Volume flow",
    "volume_flow",
    "One row per symbol, interval and start: volume of rising and falling bars, and the usual one.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            whole="minute_of_day usual_bars",
            number="volume up_volume down_volume net_volume cumulative_volume "
            "cumulative_net_volume usual_volume relative_volume",
        )
    ),
    (
        total("Rising volume", _FLOW, "up_volume"),
        total("Falling volume", _FLOW, "down_volume", sign="- "),
        last("Net volume so far", _FLOW, "cumulative_net_volume", COUNT),
        Measure(
            "Volume against usual",
            of_one(_FLOW, f"DIVIDE ( {_USUALLY_TRADED}, SUM ( {_FLOW}[usual_volume] ) )", *SERIES),
            '0.0"x"',
            "Of the bars of one symbol and interval of which the usual volume is known.",
        ),
    ),
)
COMPARISON: Final = Table(
    "Comparison",
    "comparison",
    "One row per symbol, interval and start: prices with the session's first open as 100.",
    keyed(columns(timestamp=BAR_TIMES, number="close base_price rebased session_return_percent")),
    (last("Price, open = 100", "Comparison", "rebased"),),
)
PAIRS: Final = Table(
    "Pairs",
    "comparison_pairs",
    "One row per symbol, other symbol, interval and start: how the two move together.",
    keyed(
        columns(
            text="other_symbol",
            timestamp=BAR_TIMES,
            number="close other_close rebased other_rebased correlation_20 beta_20",
        )
    ),
    (
        mean("Mean correlation", "Pairs", "correlation_20", ("interval",)),
        mean("Mean beta", "Pairs", "beta_20", ("interval",)),
    ),
)
VOLATILITY: Final = Table(
    "Volatility",
    "volatility",
    "One row per symbol, interval and start: bands, ranges and deviations beside the price.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            number=f"{OHLC} true_range atr_14 atr_percent volatility_20 "
            "volatility_20_annual_percent bollinger_upper_20 bollinger_middle_20 "
            "bollinger_lower_20 band_width_percent band_position",
        )
    ),
    (
        last("Price in bands", "Volatility", "close"),
        last("Upper band", "Volatility", "bollinger_upper_20"),
        last("Middle band", "Volatility", "bollinger_middle_20"),
        last("Lower band", "Volatility", "bollinger_lower_20"),
        last("True range average %", "Volatility", "atr_percent", PERCENT),
        last("Volatility a year %", "Volatility", "volatility_20_annual_percent", PERCENT),
    ),
)
INTRADAY: Final = Table(
    "Intraday",
    "intraday_profile",
    "One row per symbol, intraday interval, session and minute of the day, beside what is usual.",
    keyed(
        columns(
            whole="minute_of_day minute_of_session usual_bars",
            timestamp=BAR_TIMES,
            number="volume volume_share_percent return_percent range_percent usual_volume "
            "usual_return_percent usual_range_percent",
        )
    ),
    (
        total("Volume at the minute", "Intraday", "volume"),
        total("Usual volume at the minute", "Intraday", "usual_volume"),
        mean("Range at the minute %", "Intraday", "range_percent", SERIES, PERCENT),
        mean("Usual range at the minute %", "Intraday", "usual_range_percent", SERIES, PERCENT),
    ),
)
