"""The pages of Tapeline's report: what an analyst sees, at most seven visuals a page."""

from __future__ import annotations

from typing import Final

from powerbi.model import dimensions, tables
from powerbi.model.definitions import Table
from powerbi.model.event_tables import ANOMALIES, PATTERNS, SIGNALS
from powerbi.report import deneb, theme
from powerbi.report.definitions import Field, Page, Place, Report, Sort, Visual
from powerbi.report.expressions import last_days, one_of
from powerbi.report.visuals import (
    Candles,
    Chart,
    Choice,
    banded_line_chart,
    candle_chart,
    column_and_line_chart,
    column_chart,
    line_chart,
    slicer,
    table,
)

SESSION_DAYS: Final = 365
"""How far back the list of sessions reaches."""

_UPPER: Final = Place(16, 96, 1248, 340)
_LOWER: Final = Place(16, 448, 1248, 256)
_LOWER_LEFT: Final = Place(16, 448, 840, 256)
_WHOLE: Final = Place(16, 96, 840, 608)


def column(of: Table, name: str) -> Field:
    """Return a column of the table; raises ModelError if it has none of that name."""
    return Field(of.name, of.column(name).name)


def measure(of: Table, name: str) -> Field:
    """Return a measure of the table; raises ModelError if it has none of that name."""
    return Field(of.name, of.measure(name).name, is_measure=True)


SYMBOL: Final = column(dimensions.SYMBOLS, "symbol")
INTERVAL: Final = column(dimensions.INTERVALS, "interval")
SESSION: Final = column(dimensions.DATES, "session_date")
CANDLE_TIME: Final = column(tables.CANDLES, "bar_time_exchange")
CANDLE_VOLUME: Final = measure(tables.CANDLES, "Candle volume")
CANDLES: Final = Candles(
    open=measure(tables.CANDLES, "Open price"),
    high=measure(tables.CANDLES, "High price"),
    low=measure(tables.CANDLES, "Low price"),
    close=measure(tables.CANDLES, "Close price"),
    up_body=measure(tables.CANDLES, "Rising body"),
    down_body=measure(tables.CANDLES, "Falling body"),
)


def report(symbol: str, interval: str) -> Report:
    """Return the report, opening with this symbol and interval chosen."""

    def page(name: str, title: str, *visuals: Visual, symbols: bool = False) -> Page:
        return Page(name, title, (*_slicers(name, symbol, interval, symbols), *visuals))

    return Report(
        (
            page("live", "Live candles", *_live()),
            page("live_deneb", "Live candles (Deneb)", *_live_deneb()),
            page("volume_flow", "Volume flow", *_volume_flow()),
            page("comparison", "Comparison", *_comparison(), symbols=True),
            page("volatility", "Volatility", *_volatility()),
            page("intraday", "Intraday behaviour", *_intraday()),
            page("anomalies_signals", "Anomalies and signals", *_anomalies_signals()),
        ),
        (deneb.VISUAL,),
    )


def _slicers(page: str, symbol: str, interval: str, many: bool) -> tuple[Visual, ...]:
    """Return the three lists on top of a page; where symbols are compared, several may be."""
    symbols = Choice(many=many, selected=symbol)
    sessions = Choice(
        newest_first=True,
        filters=(
            one_of("sessions", column(dimensions.DATES, "is_session"), True),
            last_days("recent", SESSION, SESSION_DAYS),
        ),
    )
    return (
        slicer(f"{page}_symbol", Place(16, 8, 300, 80), SYMBOL, symbols),
        slicer(f"{page}_interval", Place(328, 8, 300, 80), INTERVAL, Choice(selected=interval)),
        slicer(f"{page}_session", Place(640, 8, 300, 80), SESSION, sessions),
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


def _live() -> tuple[Visual, ...]:
    volume = Chart("Volume", CANDLE_TIME, [CANDLE_VOLUME], colours={CANDLE_VOLUME: theme.MUTED})
    return (
        candle_chart("live_candles", _UPPER, "Candles, exchange time", CANDLE_TIME, CANDLES),
        column_chart("live_volume", _LOWER_LEFT, volume),
        _quotes("live_quote", Place(868, 448, 396, 112)),
        _actions("live_actions", Place(868, 572, 396, 132)),
    )


def _live_deneb() -> tuple[Visual, ...]:
    return (
        deneb.candle_visual("deneb_candles", _WHOLE, CANDLE_TIME, CANDLES, CANDLE_VOLUME),
        _quotes("deneb_quote", Place(868, 96, 396, 298)),
        _actions("deneb_actions", Place(868, 406, 396, 298)),
    )


def _volume_flow() -> tuple[Visual, ...]:
    time = column(tables.VOLUME_FLOW, "bar_time_exchange")
    rising = measure(tables.VOLUME_FLOW, "Rising volume")
    falling = measure(tables.VOLUME_FLOW, "Falling volume")
    flow = Chart(
        "Volume of rising and falling bars",
        time,
        [rising, falling],
        colours={rising: theme.UP, falling: theme.DOWN},
    )
    net = Chart("Net volume so far", time, [measure(tables.VOLUME_FLOW, "Net volume so far")])
    usual = Chart(
        "Volume against the usual one of the minute",
        time,
        [measure(tables.VOLUME_FLOW, "Volume against usual")],
    )
    return (
        column_chart("flow_columns", _UPPER, flow),
        line_chart("flow_net", Place(16, 448, 618, 256), net),
        line_chart("flow_usual", Place(646, 448, 618, 256), usual),
    )


def _comparison() -> tuple[Visual, ...]:
    rebased = Chart(
        "Price with the session's open as 100",
        column(tables.COMPARISON, "bar_time_exchange"),
        [measure(tables.COMPARISON, "Price, open = 100")],
        series=SYMBOL,
    )
    pairs = (
        SYMBOL,
        column(tables.PAIRS, "other_symbol"),
        measure(tables.PAIRS, "Mean correlation"),
        measure(tables.PAIRS, "Mean beta"),
    )
    sessions = (
        SYMBOL,
        measure(tables.SESSION_STATISTICS, "Session change %"),
        measure(tables.SESSION_STATISTICS, "Session range %"),
        measure(tables.SESSION_STATISTICS, "Realised volatility %"),
        measure(tables.SESSION_STATISTICS, "Session volume"),
    )
    return (
        line_chart("comparison_lines", _UPPER, rebased),
        table("comparison_sessions", Place(16, 448, 618, 256), "Session", sessions, Sort(SYMBOL)),
        table(
            "comparison_pairs",
            Place(646, 448, 618, 256),
            "How they move together (last 20 bars, mean of the session)",
            pairs,
            Sort(SYMBOL),
        ),
    )


def _volatility() -> tuple[Visual, ...]:
    time = column(tables.VOLATILITY, "bar_time_exchange")
    price = measure(tables.VOLATILITY, "Price in bands")
    middle = measure(tables.VOLATILITY, "Middle band")
    bands = Chart(
        "Price within its bands (20 bars, two deviations)",
        time,
        [price, middle],
        colours={price: theme.PRICE, middle: theme.MUTED},
    )
    ranges = Chart(
        "Average true range and volatility",
        time,
        [measure(tables.VOLATILITY, "True range average %")],
        second_y=[measure(tables.VOLATILITY, "Volatility a year %")],
    )
    upper = measure(tables.VOLATILITY, "Upper band")
    lower = measure(tables.VOLATILITY, "Lower band")
    return (
        banded_line_chart("volatility_bands", _UPPER, bands, upper, lower),
        column_and_line_chart("volatility_ranges", _LOWER, ranges),
    )


def _intraday() -> tuple[Visual, ...]:
    minute = column(tables.INTRADAY, "minute_of_day")
    volumes = Chart(
        "Volume by minute of the day, and the usual one",
        minute,
        [measure(tables.INTRADAY, "Volume at the minute")],
        second_y=[measure(tables.INTRADAY, "Usual volume at the minute")],
    )
    ranges = Chart(
        "Range by minute of the day, and the usual one",
        minute,
        [
            measure(tables.INTRADAY, "Range at the minute %"),
            measure(tables.INTRADAY, "Usual range at the minute %"),
        ],
    )
    return (
        column_and_line_chart("intraday_volume", _UPPER, volumes),
        line_chart("intraday_range", _LOWER, ranges),
    )


def _anomalies_signals() -> tuple[Visual, ...]:
    def listed(name: str, place: Place, title: str, of: Table, *names: str) -> Visual:
        fields = [column(of, each) for each in ("bar_time_exchange", *names)]
        return table(name, place, title, fields, Sort(fields[0], "Descending"))

    return (
        listed("anomalies", _UPPER, "Anomalies", ANOMALIES, "severity", "kind", "reason"),
        listed(
            "signals",
            Place(16, 448, 820, 256),
            "Signals, and how often the rule was right before",
            SIGNALS,
            *("rule", "direction", "close", "past_signals", "past_hit_rate_percent"),
        ),
        listed(
            "patterns",
            Place(848, 448, 416, 256),
            "Candle patterns",
            PATTERNS,
            *("pattern", "direction"),
        ),
    )
