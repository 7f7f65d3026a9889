"""What `bar_indicators` must hold for the stored bars: a computation from scratch, bit by bit."""

from __future__ import annotations

import math
from datetime import date
from itertools import groupby

import numpy as np

from services.stream.indicators.formulas import COLUMNS, Bars, derive
from tests.fixtures.market import Market, Row

STORED = """
select symbol, interval, bar_time, session_date,
    high::float8, low::float8, close::float8, volume::float8
from market.events_stream order by symbol, interval, bar_time
"""
DERIVED = f"""
select symbol, interval, bar_time, session_date, {", ".join(COLUMNS)}
from market.bar_indicators order by symbol, interval, bar_time
"""  # noqa: S608 - names of columns


def nothing_is_due(market: Market) -> bool:
    """Tell whether bars are stored and none of their indicators is due."""
    query = """
    select (select count(*) from market.indicator_work) = 0
        and exists (select from market.events_stream)
    """
    return market.rows(query) == [(True,)]


def assert_derived(market: Market) -> None:
    """Compare every derived row with the stored bars."""
    stored = market.rows(STORED)
    expected: list[Row] = []
    for _, rows in groupby(stored, key=lambda row: row[:2]):
        expected += from_scratch(list(rows))
    assert market.rows(DERIVED) == expected


def from_scratch(rows: list[Row]) -> list[Row]:
    """Return the derived rows of the bars of one series."""
    high, low, close, volume = (
        np.array([row[column] for row in rows], dtype=np.float64) for column in range(4, 8)
    )
    session = np.array([(row[3] - date(1970, 1, 1)).days for row in rows], dtype=np.int64)
    derived = derive(Bars(high, low, close, volume, session))
    columns = (derived[name].tolist() for name in COLUMNS)
    values = (
        tuple(None if math.isnan(value) else value for value in row)
        for row in zip(*columns, strict=True)
    )
    return [(*row[:4], *derived_row) for row, derived_row in zip(rows, values, strict=True)]
