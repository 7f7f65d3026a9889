"""Measures that aggregate as their names say, whatever is chosen: a name and columns in, DAX out.

Where a figure makes no sense of what is chosen (the close of two symbols, a volume summed over
intervals that hold the same trades), the measure is blank. The tables beside this file say which
measures there are.
"""

from __future__ import annotations

from typing import Final, Literal

from powerbi.model.definitions import Measure

PERCENT: Final = '0.00"%"'
COUNT: Final = "#,##0"
NUMBER: Final = "#,##0.00"
PRICE: Final = "#,##0.00########"
"""The format of a price where it cannot follow the magnitude: between two and ten decimals."""

PRICES: Final = "Prices"
VOLUMES: Final = "Volume"
RETURNS: Final = "Returns"
VOLATILITIES: Final = "Volatility"
TOGETHER: Final = "Comparison"
EVENTS: Final = "Events"
QUALITY: Final = "Data quality"

Key = Literal["symbol", "interval", "session_date"]
SERIES: Final[tuple[Key, ...]] = ("symbol", "interval")
SESSION: Final[tuple[Key, ...]] = (*SERIES, "session_date")


def of_one(table: str, dax: str, *keys: Key) -> str:
    """Return the expression, blank unless each key has one value."""
    conditions = " && ".join(f"HASONEVALUE ( {table}[{key}] )" for key in keys)
    return f"IF ( {conditions}, {dax} )"


def unless(*keys: Key) -> str:
    """Return the words for when such a measure is blank."""
    *before, latest = [f"one {key.removesuffix('_date')}" for key in keys]
    chosen = f"{', '.join(before)} and {latest} are" if before else f"{latest} is"
    return f"Blank unless {chosen} chosen."


def price(name: str, dax: str, description: str) -> Measure:
    """Return a price: two decimals from 1000 on, up to four from 1 on, four to eight below."""
    form = (
        f"VAR price = ABS ( [{name}] )\n"
        'RETURN IF ( price >= 1000, "#,##0.00", '
        'IF ( price >= 1, "#,##0.00##", "0.0000####" ) )'
    )
    return Measure(name, dax, PRICE, description, PRICES, form)


def value_at(table: str, column: str, end: Literal["first", "last"]) -> str:
    """Return the expression of a column's value at the first or last bar, of one series."""
    chosen = "MIN" if end == "first" else "MAX"
    value = f"CALCULATE ( MAX ( {table}[{column}] ), {table}[bar_time_utc] = bar_time )"
    return (
        f"VAR bar_time = {chosen} ( {table}[bar_time_utc] )\nRETURN {of_one(table, value, *SERIES)}"
    )


def first_price(name: str, table: str, column: str) -> Measure:
    """Return a price at the first bar, of one series."""
    described = f"{column} of the first bar chosen. {unless(*SERIES)}"
    return price(name, value_at(table, column, "first"), described)


def last_price(name: str, table: str, column: str) -> Measure:
    """Return a price at the last bar, of one series."""
    described = f"{column} of the last bar chosen. {unless(*SERIES)}"
    return price(name, value_at(table, column, "last"), described)


def last(name: str, table: str, column: str, form: str, folder: str) -> Measure:
    """Return a column's value at the last bar, of one series."""
    described = f"{column} of the last bar chosen. {unless(*SERIES)}"
    return Measure(name, value_at(table, column, "last"), form, described, folder)


def extreme(name: str, table: str, column: str, function: Literal["MAX", "MIN"]) -> Measure:
    """Return the highest or lowest price of one series."""
    dax = of_one(table, f"{function} ( {table}[{column}] )", *SERIES)
    word = "Highest" if function == "MAX" else "Lowest"
    return price(name, dax, f"{word} {column} of the bars chosen. {unless(*SERIES)}")


def single_price(name: str, table: str, column: str, keys: tuple[Key, ...]) -> Measure:
    """Return the price of the one row that has these keys."""
    dax = of_one(table, f"MAX ( {table}[{column}] )", *keys)
    return price(name, dax, f"{column}. {unless(*keys)}")


def single(
    name: str, table: str, column: str, keys: tuple[Key, ...], form: str, folder: str
) -> Measure:
    """Return the value of the one row that has these keys."""
    dax = of_one(table, f"MAX ( {table}[{column}] )", *keys)
    return Measure(name, dax, form, f"{column}. {unless(*keys)}", folder)


def total(
    name: str, table: str, column: str, folder: str = VOLUMES, below_nought: bool = False
) -> Measure:
    """Return the sum over what is chosen, of one interval: others hold the same trades."""
    # A product of BLANK is BLANK, so that no volume is none.
    times = " * -1" if below_nought else ""
    dax = of_one(table, f"SUM ( {table}[{column}] ){times}", "interval")
    below = ", below nought" if below_nought else ""
    return Measure(name, dax, COUNT, f"Sum of {column}{below}. {unless('interval')}", folder)


def mean(
    name: str, table: str, column: str, keys: tuple[Key, ...], form: str, folder: str
) -> Measure:
    """Return the mean over the rows that have a value."""
    dax = of_one(table, f"AVERAGE ( {table}[{column}] )", *keys)
    described = f"Mean of {column} over the rows that have one. {unless(*keys)}"
    return Measure(name, dax, form, described, folder)


def rows(name: str, table: str, what: str, folder: str = EVENTS) -> Measure:
    """Return the number of rows."""
    return Measure(name, f"COUNTROWS ( {table} )", COUNT, f"Number of {what} chosen.", folder)
