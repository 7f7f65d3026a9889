"""The tables of analytics: volume flow, comparison, volatility, the day; and their measures."""

from __future__ import annotations

from typing import Final

from powerbi.model.definitions import Measure, Table
from powerbi.model.dimensions import BAR_TIMES, OHLC, columns, keyed
from powerbi.model.measures import (
    COUNT,
    NUMBER,
    PERCENT,
    SERIES,
    TOGETHER,
    VOLATILITIES,
    VOLUMES,
    last,
    last_price,
    mean,
    of_one,
    total,
    unless,
)

_FLOW: Final = "'Volume flow'"
_USUALLY_TRADED: Final = (
    f"CALCULATE ( SUM ( {_FLOW}[volume] ), NOT ( ISBLANK ( {_FLOW}[usual_volume] ) ) )"
)


VOLUME_FLOW: Final = Table(
    "Volume flow",
    "volume_flow",
    "One row per symbol, interval and start: volume of rising and falling bars, and the usual one.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            whole="minute_of_day usual_bars",
            volume="volume up_volume down_volume net_volume cumulative_volume "
            "cumulative_net_volume usual_volume",
            number="relative_volume",
        )
    ),
    (
        total("Rising volume", _FLOW, "up_volume"),
        total("Falling volume", _FLOW, "down_volume", below_nought=True),
        last("Net volume so far", _FLOW, "cumulative_net_volume", COUNT, VOLUMES),
        Measure(
            "Volume against usual",
            of_one(_FLOW, f"DIVIDE ( {_USUALLY_TRADED}, SUM ( {_FLOW}[usual_volume] ) )", *SERIES),
            '0.0"x"',
            "Volume of the bars of which the usual volume is known, as a multiple of that. "
            + unless(*SERIES),
            VOLUMES,
        ),
    ),
)
COMPARISON: Final = Table(
    "Comparison",
    "comparison",
    "One row per symbol, interval and start: prices with the session's open as 100.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            exact="close base_price",
            number="rebased",
            percent="session_return_percent",
        )
    ),
    (last("Price, open = 100", "Comparison", "rebased", NUMBER, TOGETHER),),
)
PAIRS: Final = Table(
    "Pairs",
    "comparison_pairs",
    "One row per symbol, other symbol, interval and start: how the two move together.",
    keyed(
        columns(
            text="other_symbol",
            timestamp=BAR_TIMES,
            exact="close other_close",
            number="rebased other_rebased correlation_20 beta_20",
        )
    ),
    (
        mean("Mean correlation", "Pairs", "correlation_20", ("interval",), NUMBER, TOGETHER),
        mean("Mean beta", "Pairs", "beta_20", ("interval",), NUMBER, TOGETHER),
    ),
)
VOLATILITY: Final = Table(
    "Volatility",
    "volatility",
    "One row per symbol, interval and start: bands, ranges and deviations beside the price.",
    keyed(
        columns(
            timestamp=BAR_TIMES,
            exact=f"{OHLC} true_range atr_14 bollinger_upper_20 bollinger_middle_20 "
            "bollinger_lower_20",
            percent="atr_percent volatility_20_annual_percent band_width_percent",
            number="volatility_20 band_position",
        )
    ),
    (
        last_price("Price in bands", "Volatility", "close"),
        last_price("Upper band", "Volatility", "bollinger_upper_20"),
        last_price("Middle band", "Volatility", "bollinger_middle_20"),
        last_price("Lower band", "Volatility", "bollinger_lower_20"),
        last("True range average %", "Volatility", "atr_percent", PERCENT, VOLATILITIES),
        last(
            *("Volatility a year %", "Volatility", "volatility_20_annual_percent"),
            *(PERCENT, VOLATILITIES),
        ),
    ),
    on_each_basis=True,
)
INTRADAY: Final = Table(
    "Intraday",
    "intraday_profile",
    "One row per symbol, intraday interval, session and minute of the day, beside what is usual.",
    keyed(
        columns(
            whole="minute_of_day minute_of_session usual_bars",
            timestamp=BAR_TIMES,
            volume="volume usual_volume",
            percent="volume_share_percent return_percent range_percent usual_return_percent "
            "usual_range_percent",
        )
    ),
    (
        total("Volume at the minute", "Intraday", "volume"),
        total("Usual volume at the minute", "Intraday", "usual_volume"),
        mean(
            *("Range at the minute %", "Intraday", "range_percent", SERIES),
            *(PERCENT, VOLATILITIES),
        ),
        mean(
            *("Usual range at the minute %", "Intraday", "usual_range_percent", SERIES),
            *(PERCENT, VOLATILITIES),
        ),
    ),
)
