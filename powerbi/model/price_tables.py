"""The tables of prices: quotes, bars, candles, corporate actions, sessions; and their measures."""

from __future__ import annotations

from typing import Final

from powerbi.model.definitions import Column, Measure, Table
from powerbi.model.dimensions import BAR_TIMES, OHLC, columns, keyed
from powerbi.model.measures import (
    COUNT,
    PERCENT,
    PRICES,
    QUALITY,
    RETURNS,
    SERIES,
    SESSION,
    VOLATILITIES,
    VOLUMES,
    extreme,
    first_price,
    last_price,
    of_one,
    price,
    rows,
    single,
    single_price,
    total,
    unless,
)

_STATISTICS: Final = "'Session statistics'"
_ACTIONS: Final = "'Corporate actions'"
_TURNOVER: Final = (
    "SUMX ( Candles, Candles[volume] * ( Candles[high] + Candles[low] + Candles[close] ) / 3 )"
)
_IS_MARKED: Final = of_one(
    "Candles",
    "IF ( MIN ( Candles[bar_time_utc] ) = first_of_session && actions > 0, [High price] )",
    *SESSION,
)
_MARKER: Final = f"""\
VAR first_of_session = CALCULATE ( MIN ( Candles[bar_time_utc] ), \
REMOVEFILTERS ( Candles[bar_time_utc] ), REMOVEFILTERS ( Candles[bar_time_exchange] ), \
VALUES ( Candles[session_date] ) )
VAR actions = CALCULATE ( COUNTROWS ( {_ACTIONS} ), \
TREATAS ( VALUES ( Candles[symbol] ), {_ACTIONS}[symbol] ), \
TREATAS ( VALUES ( Candles[session_date] ), {_ACTIONS}[ex_date] ) )
RETURN {_IS_MARKED}"""


QUOTES: Final = Table(
    "Quotes",
    "latest_quote",
    "One row per symbol: its newest price, of a bar or of a quote, how old it is, and its session "
    "so far.",
    (
        Column("symbol", "text", is_hidden=True),
        *columns(
            text="interval freshness source market_state",
            date="session_date",
            timestamp=f"{BAR_TIMES} observed_at_utc",
            exact="price previous_close change session_open session_high session_low",
            percent="change_percent",
            volume="session_volume bar_volume",
            number="age_seconds observed_age_seconds",
            flag="is_final",
        ),
    ),
    (
        single_price("Latest price", "Quotes", "price", ("symbol",)),
        single("Latest change %", "Quotes", "change_percent", ("symbol",), PERCENT, RETURNS),
        Measure(
            "Volume today",
            "SUM ( Quotes[session_volume] )",
            COUNT,
            "Volume of the newest session of each symbol chosen, together.",
            VOLUMES,
        ),
        single("Age in seconds", "Quotes", "age_seconds", ("symbol",), COUNT, QUALITY),
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
            exact=OHLC,
            volume="volume",
            text="direction source freshness basis session_part",
            flag="adjusted is_final",
        )
    ),
    (rows("Number of bars", "Bars", "bars", QUALITY),),
    on_each_basis=True,
    keeps_history=True,
)
CANDLES: Final = Table(
    "Candles",
    "candles",
    "One row per symbol, interval and start: candles, of the interval that covers the session.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            exact=OHLC,
            volume="volume",
            whole="bars",
            percent="covered_percent",
            flag="adjusted is_final",
            text="direction rolled_up_from",
        )
    ),
    (
        first_price("Open price", "Candles", "open"),
        extreme("High price", "Candles", "high", "MAX"),
        extreme("Low price", "Candles", "low", "MIN"),
        last_price("Close price", "Candles", "close"),
        price(
            "Rising body",
            "IF ( [Close price] >= [Open price], [Close price] )",
            "Close price where it is not below the open price, else blank: a rising candle's body.",
        ),
        price(
            "Falling body",
            "IF ( [Close price] < [Open price], [Open price] )",
            "Open price where the close price is below it, else blank: a falling candle's body.",
        ),
        price(
            "Ex-date marker",
            _MARKER,
            "High price at the first candle of a session on which a split, spin-off or dividend "
            "took effect, else blank.",
        ),
        price(
            "VWAP",
            of_one("Candles", f"DIVIDE ( {_TURNOVER}, SUM ( Candles[volume] ) )", *SERIES),
            "Price (high + low + close) / 3 of the candles chosen, weighted by their volume. "
            + unless(*SERIES),
        ),
        Measure(
            "Return %",
            "100 * DIVIDE ( [Close price] - [Open price], [Open price] )",
            PERCENT,
            f"From the first open to the last close chosen. {unless(*SERIES)}",
            RETURNS,
        ),
        Measure(
            "Log return %",
            "IF ( [Open price] > 0 && [Close price] > 0, "
            "100 * LN ( DIVIDE ( [Close price], [Open price] ) ) )",
            PERCENT,
            "Natural logarithm of the last close over the first open, times 100; those of "
            f"successive periods add up. {unless(*SERIES)}",
            RETURNS,
        ),
        Measure(
            "Range %",
            "100 * DIVIDE ( [High price] - [Low price], [Open price] )",
            PERCENT,
            f"Highest less lowest price chosen, of the first open. {unless(*SERIES)}",
            VOLATILITIES,
        ),
        total("Candle volume", "Candles", "volume"),
    ),
    on_each_basis=True,
    keeps_history=True,
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
            exact="numerator denominator amount reference_close price_factor",
            flag="is_in_force",
            timestamp="observed_at_utc",
        ),
    ),
    (rows("Number of actions", _ACTIONS, "splits, spin-offs and dividends", PRICES),),
)
SESSION_STATISTICS: Final = Table(
    "Session statistics",
    "session_statistics",
    "One row per symbol, interval and session: what its stored bars amount to.",
    keyed(
        columns(
            exact=f"{OHLC} vwap previous_close",
            percent="range_percent open_to_close_percent change_percent gap_percent "
            "realised_volatility_percent",
            volume="volume up_volume down_volume",
            whole="bars up_bars down_bars",
            timestamp="first_bar_utc last_bar_utc",
            flag="is_final",
        )
    ),
    (
        single("Session change %", _STATISTICS, "change_percent", SESSION, PERCENT, RETURNS),
        single("Overnight gap %", _STATISTICS, "gap_percent", SESSION, PERCENT, RETURNS),
        single(
            *("Open to close %", _STATISTICS, "open_to_close_percent", SESSION, PERCENT, RETURNS)
        ),
        single("Session range %", _STATISTICS, "range_percent", SESSION, PERCENT, VOLATILITIES),
        single_price("Session VWAP", _STATISTICS, "vwap", SESSION),
        total("Session volume", _STATISTICS, "volume"),
        single(
            *("Realised volatility %", _STATISTICS, "realised_volatility_percent", SESSION),
            *(PERCENT, VOLATILITIES),
        ),
    ),
    keeps_history=True,
)
