"""The tables that the API gives out, in the order in which they are listed.

Pure facts; the routes, the SQL, the formats and the OpenAPI description are all made from them.
"""

from __future__ import annotations

from typing import Final

from services.dashboard.data_api.alert_tables import ALERT_RULES, ALERTS
from services.dashboard.data_api.computed_tables import ANALYTIC
from services.dashboard.data_api.reference_tables import (
    DATES,
    EXCHANGE_SESSIONS,
    INTERVALS,
    PRICE_BASES,
    RECYCLED_TICKERS,
    REJECTED,
    RENAMES,
    STATUS,
    SYMBOLS,
)
from services.dashboard.data_api.stored_tables import (
    ACTIONS,
    ALL_HOURS,
    BARS,
    CANDLES,
    FROM_OPEN,
    INDICATORS,
    QUOTES,
    REVISIONS,
)

ALL: Final = (
    *(BARS, REVISIONS, QUOTES, INDICATORS, *CANDLES, FROM_OPEN, ALL_HOURS, *ANALYTIC, ACTIONS),
    *(ALERTS, ALERT_RULES),
    *(
        SYMBOLS,
        RENAMES,
        EXCHANGE_SESSIONS,
        DATES,
        INTERVALS,
        PRICE_BASES,
        RECYCLED_TICKERS,
        STATUS,
        REJECTED,
    ),
)
