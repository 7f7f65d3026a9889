"""What `bar_indicators` must hold for the stored bars: a computation from scratch, bit by bit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from itertools import groupby, pairwise

import numpy as np

from services.stream.indicators.formulas import COLUMNS, Bars
from services.stream.indicators.splits import Split, derive_across
from tests.fixtures.market import Market, Row

STORED = """
select symbol, interval, bar_time, session_date,
    high::float8, low::float8, close::float8, volume::float8, basis
from market.events_stream order by symbol, interval, bar_time
"""
SPLITS = """
select symbol, ex_date, numerator || '/' || denominator from market.corporate_actions
where kind = 'split' and not is_withdrawn order by ex_date
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
    assert market.rows(DERIVED) == expected_rows(market)


def expected_rows(market: Market) -> list[Row]:
    """Return what must be derived of the stored bars and the splits."""
    stored = market.rows(STORED)
    splits: dict[str, dict[date, Fraction]] = {}
    for symbol, day, ratio in market.rows(SPLITS):
        known = splits.setdefault(symbol, {})
        known[day] = known.get(day, Fraction(1)) * Fraction(ratio)
    expected: list[Row] = []
    for (symbol, _), rows in groupby(stored, key=lambda row: row[:2]):
        expected += from_scratch(list(rows), splits.get(symbol, {}))
    return expected


def _shares(row: Row) -> date:
    """Return the day whose shares the prices of a bar are of."""
    session_date: date = row[3]
    if row[8] == "raw":
        return session_date
    return max(session_date, date.fromisoformat(row[8].removeprefix("split ")))


def from_scratch(rows: list[Row], splits: Mapping[date, Fraction]) -> list[Row]:
    """Return the derived rows of the bars of one series."""
    first_bars = {
        number: split
        for number, (before, row) in enumerate(pairwise(rows), start=1)
        if before[8] != "unknown"
        and (split := math.prod(splits[day] for day in splits if _shares(before) < day <= row[3]))
        != 1
    }
    high, low, close, volume = (
        np.array([row[column] for row in rows], dtype=np.float64) for column in range(4, 8)
    )
    session = np.array([(row[3] - date(1970, 1, 1)).days for row in rows], dtype=np.int64)
    derived = derive_across(
        Bars(high, low, close, volume, session),
        [Split(*item) for item in first_bars.items()],
    )
    columns = (derived[name].tolist() for name in COLUMNS)
    values = (
        tuple(None if math.isnan(value) else value for value in row)
        for row in zip(*columns, strict=True)
    )
    return [(*row[:4], *derived_row) for row, derived_row in zip(rows, values, strict=True)]
