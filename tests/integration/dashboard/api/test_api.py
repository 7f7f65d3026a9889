"""The data API over a real PostgreSQL: every row, every digit, in each format, page by page."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal

import httpx
import pyarrow as pa
import pytest
import simplejson
from pyarrow import csv, parquet

from services.dashboard.data_api.dataset import Dataset
from services.dashboard.data_api.datasets import ALL
from services.dashboard.data_api.stored_tables import BARS
from services.dashboard.page_api.chart_sql import ROLLED_UP
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import MINUTES, NEEDED, SESSIONS, SYMBOLS, Dashboard

TOTAL = len(SYMBOLS) * SESSIONS * MINUTES
REVISE = """
update market.events_stream set close = %s, revision = %s, updated_at = %s
where symbol = 'AAPL' and interval = '1min' and bar_time = %s
"""

NEVER_STORED = {
    *("rejected", "corporate-actions", "revisions", "gaps", "alerts", "alert-rules"),
    *("renames", "recycled-tickers"),
}


def query(dataset: Dataset) -> dict[str, str]:
    return NEEDED if dataset.days is not None else {}


@pytest.mark.parametrize("dataset", ALL, ids=lambda dataset: dataset.name)
def test_a_table_is_its_view(dataset: Dataset, dashboard: Dashboard, stored: Market) -> None:
    columns = [name for name, _ in dataset.columns if not name.endswith("age_seconds")]
    where = (
        "where symbol = 'AAPL' and interval = '1min' "
        "and session_date in ('2026-11-17', '2026-11-18')"
        if dataset.days is not None
        else ""
    )
    order = ", ".join(dataset.key)
    wanted = stored.rows(
        f"select {', '.join(columns)} from {dataset.view} {where} order by {order} limit 700"  # noqa: S608
    )

    asked = {"limit": "700", "format": "parquet", "decimals": "decimal", **query(dataset)}
    answer = dashboard.get(f"/api/{dataset.name}", **asked)
    assert answer.status_code == 200, answer.text
    table = parquet.read_table(io.BytesIO(answer.content)).select(columns)

    assert len(wanted) > 0 or dataset.name in NEVER_STORED
    assert [tuple(map(plain, row.values())) for row in table.to_pylist()] == [
        tuple(map(plain, row)) for row in wanted
    ]


def plain(value: object) -> object:
    """Return a value such that equal ones of Arrow and of psycopg are equal."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


def test_the_columns_are_those_of_the_view(dashboard: Dashboard, stored: Market) -> None:
    for dataset in ALL:
        schema, _, name = dataset.view.partition(".")
        found = stored.rows(
            "select column_name::text from information_schema.columns "
            "where table_schema = %s and table_name = %s",
            (schema, name),
        )
        told = {row[0] for row in found} - {"bar_time_utc"}  # the same as bar_time
        assert told == {name for name, _ in dataset.columns}, dataset.name
    assert dashboard.get("/api/nothing").status_code == 404


def test_the_pages_together_are_the_table_once(dashboard: Dashboard) -> None:
    for order in ("asc", "desc"):
        seen, path = [], f"{dashboard.url}/api/bars?limit=700&order={order}"
        while path:
            answer = httpx.get(path, timeout=30)
            page = answer.json()
            seen += [(row["symbol"], row["bar_time"]) for row in page["data"]]
            link = answer.links.get("next")
            assert (link is None) == (page["next_cursor"] is None)
            path = f"{dashboard.url}{link['url']}" if link else ""
        assert len(seen) == TOTAL
        assert seen == sorted(seen, reverse=order == "desc")
        assert len(set(seen)) == TOTAL


def test_each_format_keeps_every_digit(dashboard: Dashboard, stored: Market) -> None:
    asked = {"symbol": "TSLA", "interval": "1min", "limit": "5"}
    [*wanted] = stored.rows(
        "select open, close from bi.events_stream where symbol = 'TSLA' order by bar_time limit 5"
    )
    page = simplejson.loads(dashboard.get("/api/bars", **asked).text, use_decimal=True)
    assert [(row["open"], row["close"]) for row in page["data"]] == wanted

    text = dashboard.get("/api/bars", format="csv", **asked).content
    types = csv.ConvertOptions(
        column_types={"open": pa.decimal128(38, 10), "close": pa.decimal128(38, 10)}
    )
    table = csv.read_csv(io.BytesIO(text), convert_options=types)
    assert list(zip(table["open"].to_pylist(), table["close"].to_pylist(), strict=True)) == wanted
    assert table.column_names == [name for name, _ in BARS.columns]


def test_bars_are_given_as_they_were_stored_at_an_instant(
    dashboard: Dashboard, stored: Market
) -> None:
    asked = {"symbol": "AAPL", "interval": "1min", "limit": "3", "order": "desc"}
    present = dashboard.get("/api/bars", **asked).json()
    instant = present["data"][0]["updated_at"]
    assert dashboard.get("/api/bars", **asked, as_of=instant).json() == present
    assert dashboard.get("/api/bars", **asked, as_of="2026-01-01").json()["data"] == []

    newest = present["data"][0]
    stored.run(REVISE, ("1.2345678901", 2, datetime.now(UTC), newest["bar_time"]))
    try:
        now = simplejson.loads(dashboard.get("/api/bars", **asked).text, use_decimal=True)
        assert now["data"][0]["close"] == Decimal("1.2345678901")
        assert dashboard.get("/api/bars", **asked, as_of=instant).json() == present
    finally:
        stored.run(REVISE, (str(newest["close"]), 1, instant, newest["bar_time"]))
        stored.run("truncate market.bar_revisions")


def test_bands_of_rolled_up_candles_are_the_definitions_of_the_stored_ones(
    dashboard: Dashboard,
) -> None:
    shown = dashboard.get("/api/chart", symbol="AAPL", interval="5min", range="all").json()
    closes = shown["close"]
    assert shown["rolled_up"] is True
    assert len(closes) == SESSIONS * MINUTES // 5
    for place in (18, 19, 100, len(closes) - 1):
        window = closes[max(0, place - 19) : place + 1]
        if len(window) < 20:
            assert shown["upper"][place] is None
            continue
        mean = sum(window) / 20
        deviation = (sum((one - mean) ** 2 for one in window) / 20) ** 0.5
        assert shown["middle"][place] == pytest.approx(mean)
        assert shown["upper"][place] == pytest.approx(mean + 2 * deviation)
        assert shown["lower"][place] == pytest.approx(mean - 2 * deviation)
    rolled_up = ("5min", "15min", "30min", "60min", "60min-from-open", "1d")
    assert {*ROLLED_UP["as_traded"]} == {*rolled_up}
