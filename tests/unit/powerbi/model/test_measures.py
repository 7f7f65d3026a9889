"""Every measure aggregates as its name says, whatever is chosen: its DAX against pandas."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from powerbi.model.definitions import Table
from powerbi.model.semantic_model import MODEL
from tests.unit.powerbi.model.dax_meaning import value_of

Rows = pd.DataFrame
Expected = Callable[[Rows], Any]
SYMBOLS = ("AAPL", "TSLA")
INTERVALS = ("1min", "5min")
SESSIONS = (date(2026, 11, 5), date(2026, 11, 6))
MINUTES = (570, 575, 580)
KEYS = ("symbol", "interval", "session_date")
MEASURES = [(table, measure.name) for table in MODEL.tables for measure in table.measures]


def blank(value: Any) -> Any:
    return None if pd.isna(value) else value


def one(rows: Rows, *keys: str) -> bool:
    return all(rows[key].nunique() == 1 for key in keys)


def at_end(column: str, place: int) -> Expected:
    """Of one series: the bars in the order of time, and of them the first or the last."""

    def value(rows: Rows) -> Any:
        if not one(rows, "symbol", "interval"):
            return None
        return blank(rows.sort_values("bar_time_utc")[column].iloc[place])

    return value


def single(column: str, *keys: str) -> Expected:
    """Of the one row there is; the choice has to leave one."""

    def value(rows: Rows) -> Any:
        return blank(rows[column].iloc[0]) if one(rows, *keys) and len(rows) == 1 else None

    return value


def summed(column: str, sign: int = 1) -> Expected:
    def value(rows: Rows) -> Any:
        if not one(rows, "interval") or rows[column].isna().all():
            return None
        return sign * sum(number for number in rows[column] if not pd.isna(number))

    return value


def averaged(column: str, *keys: str) -> Expected:
    return lambda rows: blank(rows[column].mean()) if one(rows, *keys) else None


def of_series(column: str, function: str) -> Expected:
    return lambda rows: (
        blank(rows[column].agg(function)) if one(rows, "symbol", "interval") else None
    )


def body(rising: bool) -> Expected:
    def value(rows: Rows) -> Any:
        first, newest = at_end("open", 0)(rows), at_end("close", -1)(rows)
        if first is None or newest is None:
            return None
        if rising:
            return newest if newest >= first else None
        return first if newest < first else None

    return value


def against_usual(rows: Rows) -> Any:
    known = rows[rows["usual_volume"].notna()]
    if not one(rows, "symbol", "interval") or known.empty or known["volume"].isna().all():
        return None
    return known["volume"].sum() / known["usual_volume"].sum()


def completeness(rows: Rows) -> Any:
    return 100 * rows["stored_bars"].sum() / rows["expected_bars"].sum()


LATEST = ("symbol",)
SESSION = ("symbol", "interval", "session_date")
EXPECTED: Mapping[str, Expected] = {
    "Latest price": single("price", *LATEST),
    "Latest change %": single("change_percent", *LATEST),
    "Volume today": lambda rows: rows["session_volume"].sum(),
    "Age in seconds": single("age_seconds", *LATEST),
    "Open price": at_end("open", 0),
    "High price": of_series("high", "max"),
    "Low price": of_series("low", "min"),
    "Close price": at_end("close", -1),
    "Rising body": body(rising=True),
    "Falling body": body(rising=False),
    "Candle volume": summed("volume"),
    "Session change %": single("change_percent", *SESSION),
    "Session range %": single("range_percent", *SESSION),
    "Session volume": summed("volume"),
    "Realised volatility %": single("realised_volatility_percent", *SESSION),
    "Rising volume": summed("up_volume"),
    "Falling volume": summed("down_volume", sign=-1),
    "Net volume so far": at_end("cumulative_net_volume", -1),
    "Volume against usual": against_usual,
    "Price, open = 100": at_end("rebased", -1),
    "Mean correlation": averaged("correlation_20", "interval"),
    "Mean beta": averaged("beta_20", "interval"),
    "Price in bands": at_end("close", -1),
    "Upper band": at_end("bollinger_upper_20", -1),
    "Middle band": at_end("bollinger_middle_20", -1),
    "Lower band": at_end("bollinger_lower_20", -1),
    "True range average %": at_end("atr_percent", -1),
    "Volatility a year %": at_end("volatility_20_annual_percent", -1),
    "Volume at the minute": summed("volume"),
    "Usual volume at the minute": summed("usual_volume"),
    "Range at the minute %": averaged("range_percent", "symbol", "interval"),
    "Usual range at the minute %": averaged("usual_range_percent", "symbol", "interval"),
    "Completeness %": completeness,
    **{
        f"Number of {what}": len for what in ("bars", "anomalies", "signals", "patterns", "actions")
    },
}
KNOWN = ("open", "high", "low", "close", "stored_bars", "expected_bars")
"""What the views always tell."""
PER_SYMBOL = ("Quotes", "Corporate actions")
PER_SESSION = ("Session statistics", "Data quality")


def rows_of(table: Table, chance: random.Random) -> Rows:
    """Return rows of a table's grain in no order, some numbers unknown, no two alike."""
    if table.name in PER_SYMBOL:
        grain = [(symbol, INTERVALS[0], SESSIONS[0], MINUTES[0]) for symbol in SYMBOLS]
    elif table.name in PER_SESSION:
        grain = list(itertools.product(SYMBOLS, INTERVALS, SESSIONS, MINUTES[:1]))
    else:
        grain = list(itertools.product(SYMBOLS, INTERVALS, SESSIONS, MINUTES))
    chance.shuffle(grain)
    numbers = [column.name for column in table.columns if column.kind in ("number", "whole")]
    found = []
    for symbol, interval, session, minute in grain:
        midnight = datetime(session.year, session.month, session.day)  # noqa: DTZ001 - any clock
        row: dict[str, Any] = {name: chance.uniform(1, 900) for name in numbers}
        row |= {name: None for name in numbers if name not in KNOWN and chance.random() < 0.1}
        row |= {"symbol": symbol, "interval": interval, "session_date": session}
        row |= {"bar_time_utc": midnight + timedelta(minutes=minute), "minute_of_day": minute}
        found.append(row)
    return pd.DataFrame(found)


def choices(rows: Rows) -> Iterator[dict[str, Any]]:
    """Yield every choice of some keys, of the time as well, and of none."""
    keys = (*KEYS, "bar_time_utc")
    for count in range(len(keys) + 1):
        for chosen in itertools.combinations(keys, count):
            for values in rows[list(chosen)].drop_duplicates().to_dict("records") or [{}]:
                yield {str(key): value for key, value in values.items()}


@pytest.mark.parametrize(("table", "name"), MEASURES, ids=[name for _, name in MEASURES])
def test_a_measure_means_what_its_name_says(table: Table, name: str) -> None:
    rows = rows_of(table, random.Random(7))  # noqa: S311 - the same each time
    compared = 0
    for chosen in choices(rows):
        if not {*chosen} <= {column.name for column in table.columns}:
            continue
        passing = pd.Series(True, rows.index)
        for column, wanted in chosen.items():
            passing &= rows[column] == wanted
        expected = EXPECTED[name](rows[passing])
        found = value_of(table, name, rows, chosen)
        assert found == (None if expected is None else pytest.approx(expected)), chosen
        compared += found is not None
    assert compared > 0
