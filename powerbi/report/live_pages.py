"""The pages of candles as they come in, beside the latest quote."""

from __future__ import annotations

from powerbi.model import price_tables as tables
from powerbi.report import deneb, theme
from powerbi.report.definitions import LOWER_LEFT, UPPER, WHOLE, Place, Sort, Visual
from powerbi.report.fields import (
    CANDLE_TIME,
    CANDLE_VOLUME,
    CANDLES,
    SYMBOL,
    column,
    measure,
)
from powerbi.report.visuals import Chart, candle_chart, column_chart, table


def live() -> tuple[Visual, ...]:
    """Return candles, volume, the latest quote and the corporate actions."""
    volume = Chart("Volume", CANDLE_TIME, [CANDLE_VOLUME], colours={CANDLE_VOLUME: theme.MUTED})
    return (
        candle_chart("live_candles", UPPER, "Candles, exchange time", CANDLE_TIME, CANDLES),
        column_chart("live_volume", LOWER_LEFT, volume),
        _quotes("live_quote", Place(868, 448, 396, 112)),
        _actions("live_actions", Place(868, 572, 396, 132)),
    )


def live_deneb() -> tuple[Visual, ...]:
    """Return the same by the visual Deneb."""
    return (
        deneb.candle_visual("deneb_candles", WHOLE, CANDLE_TIME, CANDLES, CANDLE_VOLUME),
        _quotes("deneb_quote", Place(868, 96, 396, 298)),
        _actions("deneb_actions", Place(868, 406, 396, 298)),
    )


def _quotes(name: str, place: Place) -> Visual:
    fields = (
        SYMBOL,
        measure(tables.QUOTES, "Latest price"),
        measure(tables.QUOTES, "Latest change %"),
        measure(tables.QUOTES, "Age in seconds"),
    )
    return table(name, place, "Latest quote", fields, Sort(SYMBOL))


def _actions(name: str, place: Place) -> Visual:
    fields = [
        column(tables.ACTIONS, each)
        for each in ("ex_date", "kind", "numerator", "denominator", "amount")
    ]
    title = "Splits, spin-offs and dividends"
    return table(name, place, title, fields, Sort(fields[0], "Descending"))
