"""A model and a report small enough to be read whole."""

from __future__ import annotations

from powerbi.model.definitions import Column, Measure, Model, Relationship, Table
from powerbi.report.definitions import Field, Page, Place, Report, Sort, Visual

SYMBOLS = Table("Symbols", "symbols", "One row per symbol.", (Column("symbol", "text", True),))
BARS = Table(
    "Day bars",
    "day_bars",
    "One row per symbol and day.",
    (
        Column("symbol", "text", is_hidden=True),
        Column("day", "date"),
        Column("close", "number"),
        Column("volume", "whole"),
    ),
    (
        Measure("Last close", "MAX ( 'Day bars'[close] )", "#,##0.00", "Of one day.", "Prices"),
        Measure("Twice", "2 * [Last close]", "0.0", "Twice that.", "Prices"),
        Measure("Rows", "COUNTROWS ( 'Day bars' )", "0", "Number of days.", "Counts"),
    ),
)
MODEL = Model((SYMBOLS, BARS), (Relationship("Day bars", "symbol", "Symbols", "symbol"),))
DAY = Field("Day bars", "day")
TWICE = Field("Day bars", "Twice", is_measure=True)
LINE = Visual(
    name="line",
    kind="lineChart",
    place=Place(1, 2, 3, 4),
    roles={"Category": [DAY], "Y": [TWICE]},
    alt_text="Twice the close by day.",
    title="It's twice",
    sort=Sort(DAY, "Descending"),
)
REPORT = Report((Page("first", "First page", (LINE,), refresh_seconds=5),))
