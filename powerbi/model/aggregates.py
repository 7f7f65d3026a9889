"""Measures that aggregate as their names say, whatever is chosen: a name and columns in, DAX out.

Where a figure makes no sense of what is chosen (the close of two symbols, a volume summed over
intervals that hold the same trades), the measure is blank.
"""

from __future__ import annotations

from typing import Final, Literal

from powerbi.model.definitions import Measure

PERCENT: Final = '0.00"%"'
COUNT: Final = "#,##0"
NUMBER: Final = Measure.format_string

Key = Literal["symbol", "interval", "session_date"]
SERIES: Final[tuple[Key, ...]] = ("symbol", "interval")
SESSION: Final[tuple[Key, ...]] = (*SERIES, "session_date")


def of_one(table: str, dax: str, *keys: Key) -> str:
    """Return the expression, blank unless each key has one value."""
    conditions = " && ".join(f"HASONEVALUE ( {table}[{key}] )" for key in keys)
    return f"IF ( {conditions}, {dax} )"


def at_end(
    name: str, table: str, column: str, end: Literal["first", "last"], format_string: str = NUMBER
) -> Measure:
    """Return a column's value at the first or last bar, of one series."""
    chosen = "MIN" if end == "first" else "MAX"
    value = f"CALCULATE ( MAX ( {table}[{column}] ), {table}[bar_time_utc] = bar_time )"
    dax = (
        f"VAR bar_time = {chosen} ( {table}[bar_time_utc] )\nRETURN {of_one(table, value, *SERIES)}"
    )
    return Measure(name, dax, format_string, f"Of the {end} bar of one symbol and interval.")


def last(name: str, table: str, column: str, format_string: str = NUMBER) -> Measure:
    """Return a column's value at the last bar, of one series."""
    return at_end(name, table, column, "last", format_string)


def extreme(name: str, table: str, column: str, function: Literal["MAX", "MIN"]) -> Measure:
    """Return the highest or lowest value of one series."""
    dax = of_one(table, f"{function} ( {table}[{column}] )", *SERIES)
    return Measure(name, dax, description="Of one symbol and interval.")


def single(name: str, table: str, column: str, keys: tuple[Key, ...], form: str) -> Measure:
    """Return the value of the one row that has these keys."""
    dax = of_one(table, f"MAX ( {table}[{column}] )", *keys)
    words = " and ".join(key.replace("session_date", "session") for key in keys)
    return Measure(name, dax, form, f"Of one {words.replace(' and ', ', ', len(keys) - 2)}.")


def total(name: str, table: str, column: str, sign: str = "") -> Measure:
    """Return the sum over what is chosen, of one interval: others hold the same trades."""
    dax = of_one(table, f"{sign}SUM ( {table}[{column}] )", "interval")
    return Measure(name, dax, COUNT, "Of one interval.")


def mean(
    name: str, table: str, column: str, keys: tuple[Key, ...], format_string: str = NUMBER
) -> Measure:
    """Return the mean over the rows that have a value."""
    dax = of_one(table, f"AVERAGE ( {table}[{column}] )", *keys)
    return Measure(name, dax, format_string, f"Mean, of one {' and '.join(keys)}.")


def rows(name: str, table: str) -> Measure:
    """Return the number of rows."""
    return Measure(name, f"COUNTROWS ( {table} )", COUNT)
