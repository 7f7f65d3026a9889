"""By what everything is filtered: symbols, intervals, dates; and the columns that lead to them.

A choice in a slicer is a choice of one of these rows, on the columns that the keys of the
database begin with, so that it becomes an index lookup.
"""

from __future__ import annotations

from typing import Final

from powerbi.model.definitions import Column, Hierarchy, Kind, Table

BAR_TIMES: Final = "bar_time_utc bar_time_exchange"
OHLC: Final = "open high low close"


def columns(**names_by_kind: str) -> tuple[Column, ...]:
    """Return columns out of their names by kind, such as columns(text="a b", number="c")."""
    kinds: dict[str, Kind] = {
        "text": "text",
        "whole": "whole",
        "number": "number",
        "exact": "exact",
        "percent": "percent",
        "volume": "volume",
        "timestamp": "timestamp",
        "date": "date",
        "flag": "flag",
    }
    return tuple(
        Column(name, kinds[kind]) for kind, names in names_by_kind.items() for name in names.split()
    )


def keyed(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Put the columns by which a table is filtered before the others; readers need not see them."""
    keys = (
        Column("symbol", "text", is_hidden=True),
        Column("interval", "text", is_hidden=True),
        Column("session_date", "date", is_hidden=True),
    )
    return (*keys, *columns)


SYMBOLS: Final = Table(
    "Symbols",
    "symbols",
    "One row per symbol of which a bar is stored.",
    (
        Column("symbol", "text", is_key=True),
        *columns(
            text="exchange time_zone currency quote_unit",
            whole="intervals units_per_currency",
            date="calendar_until",
        ),
    ),
    hierarchies=(Hierarchy("Market", ("exchange", "symbol"), "Exchanges, and their symbols."),),
    is_dimension=True,
)
INTERVALS: Final = Table(
    "Intervals",
    "intervals",
    "One row per length of bars.",
    (
        Column("interval", "text", is_key=True, sort_by="minutes"),
        *columns(whole="minutes"),
        Column("label", "text", sort_by="minutes"),
    ),
    is_dimension=True,
)
DATES: Final = Table(
    "Dates",
    "dates",
    "One row per date; sessions and hours are those of New York.",
    (
        Column("session_date", "date", is_key=True),
        *columns(
            whole="year quarter month day_of_month iso_week iso_weekday",
            date="month_start",
            flag="is_session is_early_close",
            timestamp="opens_at_exchange closes_at_exchange",
        ),
        Column("month_name", "text", sort_by="month"),
        Column("weekday_name", "text", sort_by="iso_weekday"),
    ),
    is_calendar=True,
    is_dimension=True,
    hierarchies=(
        Hierarchy(
            "Calendar",
            ("year", "quarter", "month_name", "session_date"),
            "Years, their quarters, months and dates.",
        ),
    ),
)
