"""The fields of the model that several pages show or are filtered by."""

from __future__ import annotations

from typing import Final

from powerbi.model import dimensions, price_tables
from powerbi.model.definitions import Table
from powerbi.report.definitions import Field
from powerbi.report.visuals import Candles


def column(of: Table, name: str) -> Field:
    """Return a column of the table; raises ModelError if it has none of that name."""
    return Field(of.name, of.column(name).name)


def measure(of: Table, name: str) -> Field:
    """Return a measure of the table; raises ModelError if it has none of that name."""
    return Field(of.name, of.measure(name).name, is_measure=True)


SYMBOL: Final = column(dimensions.SYMBOLS, "symbol")
INTERVAL: Final = column(dimensions.INTERVALS, "interval")
SESSION: Final = column(dimensions.DATES, "session_date")
CANDLE_TIME: Final = column(price_tables.CANDLES, "bar_time_exchange")
CANDLE_VOLUME: Final = measure(price_tables.CANDLES, "Candle volume")
CANDLES: Final = Candles(
    open=measure(price_tables.CANDLES, "Open price"),
    high=measure(price_tables.CANDLES, "High price"),
    low=measure(price_tables.CANDLES, "Low price"),
    close=measure(price_tables.CANDLES, "Close price"),
    up_body=measure(price_tables.CANDLES, "Rising body"),
    down_body=measure(price_tables.CANDLES, "Falling body"),
    marker=measure(price_tables.CANDLES, "Ex-date marker"),
)
