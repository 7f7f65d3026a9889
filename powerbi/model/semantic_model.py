"""The semantic model of Tapeline: all tables, and the relationships to what filters them."""

from __future__ import annotations

from typing import Final

from powerbi.model import analytics_tables, event_tables, price_tables
from powerbi.model.definitions import Model, Relationship
from powerbi.model.dimensions import DATES, INTERVALS, SYMBOLS

FACTS: Final = (
    price_tables.BARS,
    price_tables.CANDLES,
    price_tables.SESSION_STATISTICS,
    analytics_tables.VOLUME_FLOW,
    analytics_tables.COMPARISON,
    analytics_tables.PAIRS,
    analytics_tables.VOLATILITY,
    analytics_tables.INTRADAY,
    event_tables.ANOMALIES,
    event_tables.SIGNALS,
    event_tables.PATTERNS,
    event_tables.DATA_QUALITY,
)


def _always_matches(fact: str, column: str) -> bool:
    """Return whether each row of a fact has a row of the dimension.

    Daily bars reach back before the first of the dates. Data quality also tells of symbols all of
    whose records were refused, of which there is no bar.
    """
    return column != "session_date" and (fact, column) != ("Data quality", "symbol")


MODEL: Final = Model(
    (SYMBOLS, INTERVALS, DATES, price_tables.QUOTES, price_tables.ACTIONS, *FACTS),
    (
        Relationship("Quotes", "symbol", "Symbols", "symbol", always_matches=True),
        # Not by date: those of a symbol are read beside any of its sessions. They may be known of
        # a symbol before its first bar is.
        Relationship("Corporate actions", "symbol", "Symbols", "symbol"),
        *(
            Relationship(
                *(fact.name, column, dimension.name, column),
                _always_matches(fact.name, column),
            )
            for fact in FACTS
            for dimension, column in (
                (SYMBOLS, "symbol"),
                (INTERVALS, "interval"),
                (DATES, "session_date"),
            )
        ),
    ),
)
