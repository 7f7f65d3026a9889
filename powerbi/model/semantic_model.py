"""The semantic model of Tapeline: all tables, and the relationships to what filters them."""

from __future__ import annotations

from typing import Final

from powerbi.model import event_tables, tables
from powerbi.model.definitions import Model, Relationship
from powerbi.model.dimensions import DATES, INTERVALS, SYMBOLS

FACTS: Final = (
    tables.BARS,
    tables.CANDLES,
    tables.SESSION_STATISTICS,
    tables.VOLUME_FLOW,
    tables.COMPARISON,
    tables.PAIRS,
    tables.VOLATILITY,
    tables.INTRADAY,
    event_tables.ANOMALIES,
    event_tables.SIGNALS,
    event_tables.PATTERNS,
    event_tables.QUALITY,
)
MODEL: Final = Model(
    (SYMBOLS, INTERVALS, DATES, tables.QUOTES, tables.ACTIONS, *FACTS),
    (
        Relationship("Quotes", "symbol", "Symbols", "symbol"),
        # Not by date: those of a symbol are read beside any of its sessions.
        Relationship("Corporate actions", "symbol", "Symbols", "symbol"),
        *(
            Relationship(fact.name, column, dimension.name, column)
            for fact in FACTS
            for dimension, column in (
                (SYMBOLS, "symbol"),
                (INTERVALS, "interval"),
                (DATES, "session_date"),
            )
        ),
    ),
)
