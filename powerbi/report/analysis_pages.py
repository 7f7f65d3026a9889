"""The pages of analysis: volume flow, comparison, volatility, behaviour over the day."""

from __future__ import annotations

from powerbi.model import analytics_tables as tables
from powerbi.model.price_tables import SESSION_STATISTICS
from powerbi.report import theme
from powerbi.report.definitions import LOWER, UPPER, Place, Sort, Visual
from powerbi.report.fields import SYMBOL, column, measure
from powerbi.report.visuals import (
    Chart,
    banded_line_chart,
    column_and_line_chart,
    column_chart,
    line_chart,
    table,
)


def volume_flow() -> tuple[Visual, ...]:
    """Return the volume of rising and falling bars, their sum, and the usual volume."""
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
        column_chart("flow_columns", UPPER, flow),
        line_chart("flow_net", Place(16, 448, 618, 256), net),
        line_chart("flow_usual", Place(646, 448, 618, 256), usual),
    )


def comparison() -> tuple[Visual, ...]:
    """Return symbols beside each other: their lines, sessions and pairs."""
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
        measure(SESSION_STATISTICS, "Session change %"),
        measure(SESSION_STATISTICS, "Session range %"),
        measure(SESSION_STATISTICS, "Realised volatility %"),
        measure(SESSION_STATISTICS, "Session volume"),
    )
    return (
        line_chart("comparison_lines", UPPER, rebased),
        table("comparison_sessions", Place(16, 448, 618, 256), "Session", sessions, Sort(SYMBOL)),
        table(
            "comparison_pairs",
            Place(646, 448, 618, 256),
            "How they move together (last 20 bars, mean of the session)",
            pairs,
            Sort(SYMBOL),
        ),
    )


def volatility() -> tuple[Visual, ...]:
    """Return the price within its bands, and how much it moves."""
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
        banded_line_chart("volatility_bands", UPPER, bands, upper, lower),
        column_and_line_chart("volatility_ranges", LOWER, ranges),
    )


def intraday() -> tuple[Visual, ...]:
    """Return what a session did at each minute beside what is usual at it."""
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
        column_and_line_chart("intraday_volume", UPPER, volumes),
        line_chart("intraday_range", LOWER, ranges),
    )
