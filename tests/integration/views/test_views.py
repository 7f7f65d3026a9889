"""The views of `bi` against the same figures by pandas from the same bars, whole rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.fixtures.market import Market
from tests.integration.views.expected import comparisons, events, views
from tests.integration.views.view_market import frame, odd_market, store

EXPECTED: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "bars": views.bars_view,
    "session_statistics": views.session_statistics,
    "volume_flow": views.volume_flow,
    "comparison": comparisons.comparison,
    "comparison_pairs": comparisons.comparison_pairs,
    "volatility": views.volatility,
    "intraday_profile": views.intraday_profile,
    "anomalies": events.anomalies,
    "signals": events.signals,
    "patterns": events.patterns,
}
KEY = [
    *("symbol", "other_symbol", "interval", "session_date", "bar_time"),
    *("kind", "rule", "pattern", "direction"),
]
SENTENCES = {"anomalies": ["reason"]}


def read(market: Market, view: str, where: str = "true") -> pd.DataFrame:
    """Return a view as Power BI's role sees it, numbers as floats."""
    with market.connect("powerbi_reader") as connection:
        query = f"select * from bi.{view} where {where}"  # noqa: S608 - text of the tests
        cursor = connection.execute(query.encode())
        names = [column.name for column in cursor.description or ()]
        kinds = [column.type_code for column in cursor.description or ()]
        table = pd.DataFrame(cursor.fetchall(), columns=names)
    for name, kind in zip(names, kinds, strict=True):
        if kind in (20, 23, 701, 1700):  # bigint, integer, double precision, numeric
            table[name] = table[name].astype(float)
    return table


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame, columns: list[str]) -> None:
    """Compare whole rows, in the order of their key."""
    key = [name for name in KEY if name in columns]
    tables = []
    for table in (found, expected):
        ordered = table[columns].sort_values(key, ignore_index=True)
        for name in columns:
            kind = ordered[name].dtype
            if kind.kind in "Ob":
                ordered[name] = [None if pd.isna(value) else value for value in ordered[name]]
                ordered[name] = ordered[name].astype(object)
            elif kind.kind in "if":
                ordered[name] = ordered[name].astype(float)
            else:
                ordered[name] = pd.to_datetime(ordered[name], utc=True).dt.as_unit("us")
        tables.append(ordered)
    pd.testing.assert_frame_equal(tables[0], tables[1], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("seed", [1, 20251102])
def test_every_view_agrees_with_pandas(seed: int, market: Market) -> None:
    bars = odd_market(seed)
    store(market, bars)
    table = views.prepared(bars)
    sizes = {}
    for view, expect in EXPECTED.items():
        found = read(market, view)
        columns = [name for name in found.columns if name not in SENTENCES.get(view, [])]
        assert_equal(found, expect(table), columns)
        sizes[view] = len(found)
    assert min(sizes.values()) > 25, sizes
    parts = "select symbol, interval, {}, session_part from bi.{} order by 1, 2, 3"
    told = market.rows(parts.format("bar_time at time zone 'UTC'", "events_stream"))
    assert told == market.rows(parts.format("bar_time_utc", "bars"))
    assert {row[3] for row in told} >= {"pre", "regular", "post"}


def test_a_filter_changes_no_figure(market: Market) -> None:
    bars = odd_market(7)
    store(market, bars)
    day = date(2025, 11, 3)
    for view in EXPECTED:
        whole = read(market, view)
        wanted = whole[(whole["symbol"] == "AAA") & (whole["session_date"] == day)]
        found = read(market, view, "symbol = 'AAA' and session_date = '2025-11-03'")
        assert len(found) > 0, view
        assert_equal(found, wanted, list(found.columns))
        several = read(market, view, "symbol in ('AAA') and session_date in ('2025-11-03')")
        assert_equal(several, wanted, list(found.columns))


def test_without_bars_every_view_is_empty(market: Market) -> None:
    assert {view: len(read(market, view)) for view in EXPECTED} == dict.fromkeys(EXPECTED, 0)


def test_bars_show_before_their_derived_series_do(market: Market) -> None:
    bars = odd_market(3)
    store(market, bars, derived=False)
    table = views.prepared(bars)
    derived = ["true_range", "atr_14", "volatility_20", "upper", "lower", "sma_20"]
    empty = table.assign(**dict.fromkeys(derived, np.nan))
    found = read(market, "volatility")
    assert_equal(found, views.volatility(empty), list(found.columns))
    assert len(read(market, "anomalies")) == len(read(market, "signals")) == 0
    found = read(market, "patterns")
    assert_equal(found, events.patterns(table), list(found.columns))


def test_a_jump_after_quiet_stands_out_and_the_least_step_does_not(market: Market) -> None:
    start = datetime(2025, 11, 5, 15, tzinfo=UTC)

    def bars(symbol: str, last: str, volume: int) -> list[tuple[Any, ...]]:
        closes = ["49.99", *["50.00"] * 30, last]
        times = [start + timedelta(minutes=number) for number in range(len(closes))]
        return [
            (
                *(symbol, "1min", at, at.date(), Decimal("50.00")),
                *(max(Decimal(close), Decimal("50.00")), min(Decimal(close), Decimal("50.00"))),
                *(Decimal(close), volume if close == last else 700, True, at, 1, at),
            )
            for at, close in zip(times, closes, strict=True)
        ]

    store(market, frame([*bars("JUMP", "55.00", 70_000), *bars("STEP", "50.01", 700)]))

    found = read(market, "anomalies")[["symbol", "kind", "score", "severity"]]
    # A cent of fifty is two basis points.
    expected = pd.DataFrame(
        [
            ("JUMP", "price", math.log(1.1) / 0.0002, "high"),
            ("JUMP", "volume", 100 * math.sqrt(20), "high"),
        ],
        columns=found.columns,
    )
    pd.testing.assert_frame_equal(found.sort_values("kind", ignore_index=True), expected)


def test_prices_that_stay_are_no_misses_and_days_have_outcomes(market: Market) -> None:
    bars = odd_market(7)
    bars = bars[bars["symbol"].isin(["CCC", "DAY"])].copy()
    for name in views.PRICES:
        bars[name] = [round(price, 1) for price in bars[name]]
    store(market, bars)

    found = read(market, "signals")
    assert_equal(found, events.signals(views.prepared(bars)), list(found.columns))
    assert found["past_ties"].max() > 0
    ties = found[found["return_10_percent"] == 0]
    assert len(ties) > 0
    assert set(ties["is_hit"]) == {None}
    days = found[found["interval"] == "1d"]
    assert days["return_10_percent"].notna().sum() > 5
    # What is told of a rule later is what was told of each of its signals.
    for _, same in days.sort_values("bar_time").groupby(["rule", "direction"]):
        last = same.iloc[-1]
        known = same.head(int(last["past_signals"]))
        assert list(known["is_hit"]).count(True) == last["past_hits"]
        assert list(known["is_hit"]).count(None) == last["past_ties"]
