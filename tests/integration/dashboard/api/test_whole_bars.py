"""Bars of a whole range without pages: the rows of the pages, and an end that can be told."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import httpx
import pyarrow as pa
import pytest
from pyarrow import compute, csv, ipc, parquet

from services.dashboard.data_api.downloads.stream_formats import STREAM_TYPES
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import MINUTES, SESSIONS, SYMBOLS, Dashboard

ASKED: tuple[Mapping[str, Any], ...] = (
    {},
    {"symbol": ["TSLA", "aapl"], "interval": "1min"},
    {"symbol": "MSFT", "from": "2026-11-17", "to": "2026-11-17T15:00:00Z"},
    {"symbol": "AAPL", "decimals": "decimal", "basis": "split_adjusted"},
    {"symbol": "AAPL", "columns": "close,bar_time,volume", "basis": "total_return"},
    {"symbol": ["AAPL", "MSFT"], "as_of": "2100-01-01", "decimals": "decimal"},
)


def whole(dashboard: Dashboard, form: str, **asked: Any) -> pa.Table:
    """Return an answer that came whole."""
    answer = dashboard.get(f"/api/bars.{form}", **asked)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == STREAM_TYPES[form]
    if form == "arrow":
        return ipc.open_stream(answer.content).read_all()
    return parquet.read_table(io.BytesIO(answer.content))


def by_pages(dashboard: Dashboard, **asked: Any) -> pa.Table:
    """Return the same by pages."""
    pages = [dashboard.get("/api/bars", limit=1000, format="parquet", **asked)]
    while "next" in pages[-1].links:
        pages.append(httpx.get(f"{dashboard.url}{pages[-1].links['next']['url']}", timeout=40))
    return pa.concat_tables([parquet.read_table(io.BytesIO(one.content)) for one in pages])


@pytest.fixture(scope="module", autouse=True)
def odd_bars(stored: Market) -> None:
    """Store bars without volume and of ten decimals, of a symbol of their own."""
    stored.run(
        "insert into market.events_stream (symbol, bar_time, interval, open, high, low, close, "
        "volume, session_date, source, freshness, basis, is_final, observed_at, kafka_partition, "
        "kafka_offset) select 'ODD', at, '5min', 0.0000000001, 123456789.0123456789, "
        "0.0000000001, 1.5, null, '2026-11-16', 'simulator', 'simulated', 'raw', false, at, 0, 0 "
        "from generate_series(timestamptz '2026-11-16 15:00Z', '2026-11-16 15:10Z', '5min') as at"
    )
    stored.run("insert into market.series values ('ODD', '5min') on conflict do nothing")


@pytest.mark.parametrize("form", ["arrow", "parquet"])
@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_it_has_the_rows_and_types_of_the_pages(
    form: str, asked: Mapping[str, Any], dashboard: Dashboard
) -> None:
    found = whole(dashboard, form, **asked)
    paged = by_pages(dashboard, **asked)
    assert found.schema == paged.schema
    assert found.equals(paged)
    assert found.num_rows > 0


def test_without_a_symbol_it_has_every_bar(dashboard: Dashboard, stored: Market) -> None:
    found = whole(dashboard, "arrow", columns="symbol,bar_time,volume")
    assert found.num_rows == len(SYMBOLS) * SESSIONS * MINUTES + 3
    odd = found.filter(compute.equal(found["symbol"], "ODD"))
    assert odd["volume"].to_pylist() == [None] * 3
    assert stored.rows("select count(*) from bi.events_stream") == [(found.num_rows,)]


def test_csv_says_instants_as_the_pages_do_and_every_digit(dashboard: Dashboard) -> None:
    asked = {"columns": "bar_time,high,volume,is_final,session_date", "symbol": "ODD"}
    answer = dashboard.get("/api/bars.csv", **asked)
    assert answer.headers["content-type"] == STREAM_TYPES["csv"]
    row = "123456789.0123456789,,false,2026-11-16"
    assert answer.text.replace('"', "").splitlines() == [
        "bar_time,high,volume,is_final,session_date",
        *(f"2026-11-16T15:{minute:02}:00.000000Z,{row}" for minute in (0, 5, 10)),
    ]
    every = dashboard.get("/api/bars.csv")
    read = csv.read_csv(io.BytesIO(every.content))
    assert read.num_rows == len(SYMBOLS) * SESSIONS * MINUTES + 3


def test_a_range_without_bars_says_so_and_has_its_columns(dashboard: Dashboard) -> None:
    asked = {"symbol": "AAPL", "to": "2020-01-01"}
    for form in ("arrow", "parquet"):
        assert whole(dashboard, form, **asked).equals(by_pages(dashboard, **asked))
        answer = dashboard.get(f"/api/bars.{form}", **asked)
        note = "no rows of /api/bars for AAPL to 2020-01-01T00:00:00Z"
        assert answer.headers["X-Note"] == note


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        ({"symbol": "ZZZZ"}, 404, "nothing of ZZZZ is stored"),
        ({"limit": 5}, 422, "Extra inputs are not permitted"),
        ({"from": "2026-11-20", "to": "2026-11-19"}, 422, "from must lie before to"),
        ({"as_of": "2026-11-20"}, 422, "needs a symbol"),
        ({"columns": "price"}, 422, "there is no column 'price'"),
    ],
)
def test_what_it_refuses(
    asked: Mapping[str, Any], code: int, told: str, dashboard: Dashboard
) -> None:
    answer = dashboard.get("/api/bars.arrow", **asked)
    assert (answer.status_code, told in answer.text) == (code, True), answer.text
