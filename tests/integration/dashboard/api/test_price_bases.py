"""Bars and candles of the data API on each price basis."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import simplejson
from pyarrow import parquet

from tests.fixtures.market import Market
from tests.integration.dashboard.serving import Dashboard, serving
from tests.integration.views.price_series import Action, Traded, store_actions, store_bars
from tests.integration.views.view_market import store_indicators


@pytest.fixture
def split(market: Market, tmp_path: Path) -> Iterator[Dashboard]:
    """Run a dashboard over a share that splits 7:1 and pays a dividend on the next day."""
    starts = ("2025-11-05 10:00", "2025-11-06 10:00", "2025-11-07 10:00")
    prices = ("700", "100", "99")
    bars = [
        Traded("SEVEN", datetime.fromisoformat(start), Decimal(price), 10, "5min")
        for start, price in zip(starts, prices, strict=True)
    ]
    store_bars(market, bars)
    store_actions(
        market,
        [
            Action("SEVEN", "split", date(2025, 11, 6), Fraction(7, 3)),
            Action("SEVEN", "dividend", date(2025, 11, 7), amount=Decimal(1)),
        ],
    )
    with serving(market, tmp_path) as running:
        yield running


def closes(dashboard: Dashboard, path: str, **query: str) -> list[tuple[Any, Any]]:
    answer = dashboard.get(path, symbol="SEVEN", **query)
    assert answer.status_code == 200, answer.text
    rows = simplejson.loads(answer.text, use_decimal=True)["data"]
    return [(row["close"], row["volume"]) for row in rows]


TRADED = [(Decimal(700), 10), (Decimal(100), 10), (Decimal(99), 10)]
SPLIT = [(Decimal(300), 23), (Decimal(100), 10), (Decimal(99), 10)]
TOTAL = [(Decimal(297), 23), (Decimal(99), 10), (Decimal(99), 10)]


def test_bars_and_candles_are_on_the_basis_that_is_asked_for(split: Dashboard) -> None:
    assert closes(split, "/api/bars") == TRADED
    assert closes(split, "/api/bars", basis="as_traded") == TRADED
    assert closes(split, "/api/bars", basis="split_adjusted") == SPLIT
    assert closes(split, "/api/bars", basis="total_return") == TOTAL
    assert closes(split, "/api/candles/1d") == SPLIT
    for width in ("5min", "60min", "60min-from-open", "1d", "1d-all-hours"):
        path = f"/api/candles/{width}"
        assert closes(split, path, basis="as_traded") == TRADED
        assert closes(split, path, basis="split_adjusted") == SPLIT
        assert closes(split, path, basis="total_return") == TOTAL
    assert split.get("/api/bars", basis="adjusted").status_code == 422


def test_indicators_that_are_prices_are_scaled_as_their_bar(split: Dashboard) -> None:
    store_indicators(split.market)

    def values(basis: str) -> list[tuple[float | None, float]]:
        asked = {"symbol": "SEVEN", "interval": "5min", "basis": basis}
        rows = split.get("/api/indicators", **asked).json()["data"]
        return [(row["change"], row["vwap"]) for row in rows]

    # From 700 as traded, which is 300 of the new shares.
    unasked = split.get("/api/indicators", symbol="SEVEN").json()["data"]
    assert [row["vwap"] for row in unasked] == [700, 100, 99]
    assert values("as_traded") == [(None, 700), (-200, 100), (-1, 99)]
    assert values("split_adjusted") == [(None, 300), (-200, 100), (-1, 99)]
    assert values("total_return") == [(None, 297), (-198, 99), (-1, 99)]


def test_every_format_and_page_has_the_digits_of_the_basis(split: Dashboard) -> None:
    asked = {"symbol": "SEVEN", "basis": "total_return"}
    answer = split.get("/api/candles/5min", format="parquet", **asked)
    table = parquet.read_table(io.BytesIO(answer.content))
    assert table.column("close").to_pylist() == [close for close, _ in TOTAL]
    csv = split.get("/api/bars", format="csv", **asked).text.splitlines()
    assert [line.split(",")[6] for line in csv[1:]] == ["297", "99", "99"]

    first = split.get("/api/candles/5min", limit="1", **asked).json()
    rest = split.get("/api/candles/5min", cursor=first["next_cursor"], **asked).json()
    assert [row["close"] for row in first["data"] + rest["data"]] == [297, 99, 99]


def test_the_actions_are_a_table_of_their_own(split: Dashboard) -> None:
    answer = split.get("/api/corporate-actions", symbol="SEVEN")
    rows = simplejson.loads(answer.text, use_decimal=True)["data"]
    assert [(row["kind"], row["ex_date"], row["price_factor"]) for row in rows] == [
        ("split", "2025-11-06", Decimal("0.4285714286")),
        ("dividend", "2025-11-07", Decimal("0.99")),
    ]
