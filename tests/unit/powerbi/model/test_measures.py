"""Every measure aggregates as its name says, whatever is chosen: its DAX against pandas."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from powerbi.model import price_tables
from powerbi.model.definitions import Measure, Table
from powerbi.model.semantic_model import MODEL
from tests.unit.powerbi.model.dax_meaning import format_of, value_of
from tests.unit.powerbi.model.expected_measures import (
    EXPECTED,
    INTERVALS,
    MINUTES,
    SESSIONS,
    SYMBOLS,
    Rows,
)

MEASURES = [(table, measure) for table in MODEL.tables for measure in table.measures]
ACTIONS = pd.DataFrame(
    [
        {"symbol": "AAPL", "ex_date": SESSIONS[1], "kind": "split"},
        {"symbol": "AAPL", "ex_date": SESSIONS[1], "kind": "dividend"},
        {"symbol": "TSLA", "ex_date": date(2026, 10, 1), "kind": "dividend"},
    ]
)
KNOWN = ("open", "high", "low", "close", "stored_bars", "expected_bars")
"""What the views always tell."""
OF_VOLUME = [each for each in MEASURES if each[1].folder == "Volume" or "VWAP" in each[1].name]
BY_VOLUME = ("vwap", "relative_volume", "volume_share_percent")
"""What the views tell by means of volumes: nothing of foreign exchange and indices."""
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
    kinds = ("number", "whole", "exact", "percent", "volume")
    numbers = [column.name for column in table.columns if column.kind in kinds]
    found = []
    for symbol, interval, session, minute in grain:
        midnight = datetime(session.year, session.month, session.day)  # noqa: DTZ001 - any clock
        row: dict[str, Any] = {name: chance.uniform(1, 900) for name in numbers}
        row |= {name: None for name in numbers if name not in KNOWN and chance.random() < 0.1}
        row |= {"symbol": symbol, "interval": interval, "session_date": session}
        local = midnight + timedelta(minutes=minute)
        row |= {"bar_time_utc": local + timedelta(hours=5), "bar_time_exchange": local}
        row |= {"minute_of_day": minute, "is_hit": chance.choice((True, False, None))}
        found.append(row)
    return pd.DataFrame(found)


def choices(rows: Rows) -> Iterator[dict[str, Any]]:
    """Yield every choice of some keys, of the time as well, and of none."""
    keys = ("symbol", "interval", "session_date", "bar_time_exchange")
    for count in range(len(keys) + 1):
        for chosen in itertools.combinations(keys, count):
            for values in rows[list(chosen)].drop_duplicates().to_dict("records") or [{}]:
                yield {str(key): value for key, value in values.items()}


@pytest.mark.parametrize(
    ("table", "measure"), MEASURES, ids=[measure.name for _, measure in MEASURES]
)
def test_a_measure_means_what_its_name_says(table: Table, measure: Measure) -> None:
    rows = rows_of(table, random.Random(7))  # noqa: S311 - the same each time
    data = {"Corporate actions": ACTIONS, table.name: rows}
    compared = 0
    for chosen in choices(rows):
        if not {*chosen} <= {column.name for column in table.columns}:
            continue
        passing = pd.Series(True, rows.index)
        for column, wanted in chosen.items():
            passing &= rows[column] == wanted
        expected = EXPECTED[measure.name](rows[passing])
        found = value_of(MODEL, table.name, measure, data, chosen)
        assert found == (None if expected is None else pytest.approx(expected)), chosen
        compared += found is not None
    assert compared > 0


@pytest.mark.parametrize(
    ("table", "measure"), OF_VOLUME, ids=[measure.name for _, measure in OF_VOLUME]
)
def test_of_a_symbol_without_volume_it_is_blank(table: Table, measure: Measure) -> None:
    rows = rows_of(table, random.Random(7))  # noqa: S311 - the same each time
    unknown = [column.name for column in table.columns if column.kind == "volume"]
    unknown += [name for name in BY_VOLUME if name in rows]
    data = {table.name: rows.assign(**dict.fromkeys(unknown))}
    for chosen in choices(rows):
        if {*chosen} <= {column.name for column in table.columns}:
            assert value_of(MODEL, table.name, measure, data, chosen) is None, chosen


@pytest.mark.parametrize(
    ("price", "written"),
    [
        (63123.456, "#,##0.00"),
        (1000, "#,##0.00"),
        (187.2512, "#,##0.00##"),
        (0.00012, "0.0000####"),
    ],
)
def test_a_price_is_written_with_the_decimals_of_its_magnitude(price: float, written: str) -> None:
    row = {"symbol": "A", "interval": "1min", "bar_time_utc": datetime(2026, 11, 6)}  # noqa: DTZ001
    close = price_tables.CANDLES.measure("Close price")
    data = {"Candles": pd.DataFrame([{**row, "close": price}])}
    assert format_of(MODEL, "Candles", close, data) == written


def test_every_price_follows_its_magnitude() -> None:
    prices = [measure for _, measure in MEASURES if measure.folder == "Prices"]
    assert [each.name for each in prices if not each.format_dax] == ["Number of actions"]
