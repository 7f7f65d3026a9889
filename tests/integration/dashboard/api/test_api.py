"""The data API over a real PostgreSQL: every row, every digit, in each format, page by page."""

from __future__ import annotations

import io
import re
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pytest
import simplejson
from pyarrow import csv, parquet

from services.dashboard.data_api.dataset import Dataset
from services.dashboard.data_api.datasets import ALL
from services.dashboard.data_api.stored_tables import BARS
from services.dashboard.page_api.chart_sql import ROLLED_UP
from services.dashboard.postgres import CHANNEL
from services.stream.sink.sql import NOTIFY_CHANNEL
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import MINUTES, SESSIONS, SYMBOLS, Dashboard, serving

TOTAL = len(SYMBOLS) * SESSIONS * MINUTES
NEEDED = {"symbol": "AAPL", "interval": "1min", "from": "2026-11-17", "to": "2026-11-19"}
REVISE = """
update market.events_stream set close = %s, revision = %s, updated_at = %s
where symbol = 'AAPL' and interval = '1min' and bar_time = %s
"""

NEVER_STORED = {"rejected", "corporate-actions", "revisions", "gaps"}


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


def test_a_symbol_may_be_given_in_any_case_and_with_an_ampersand(dashboard: Dashboard) -> None:
    asked = {"interval": "1min", "limit": "5"}
    small = dashboard.get("/api/bars", symbol="tsla", **asked).json()
    assert small["data"] == dashboard.get("/api/bars", symbol="TSLA", **asked).json()["data"]
    assert len(small["data"]) == 5
    unknown = dashboard.get("/api/bars", symbol="m&m.bse", **asked)
    assert (unknown.status_code, unknown.json()) == (
        404,
        {"detail": "nothing of M&M.BSE is stored; /api/symbols lists what is"},
    )


def test_what_is_not_there_is_said(dashboard: Dashboard) -> None:
    for table in ("bars", "anomalies", "quotes", "quality", "corporate-actions", "rejected"):
        asked = "symbol=AAPL&symbol=ZZZZ&symbol=YYYY&interval=1min"
        if table in ("quotes", "corporate-actions", "rejected"):
            asked = asked.removesuffix("&interval=1min")
        answer = httpx.get(f"{dashboard.url}/api/{table}?{asked}")
        told = {"detail": "nothing of ZZZZ, YYYY is stored; /api/symbols lists what is"}
        assert (answer.status_code, answer.json()) == (404, told), table

    span = {"symbol": "AAPL", "interval": "1min", "from": "2020-01-01", "to": "2020-01-03T12:00Z"}
    note = "no rows of /api/bars for AAPL 1min from 2020-01-01T00:00:00Z to 2020-01-03T12:00:00Z"
    answer = dashboard.get("/api/bars", **span)
    assert answer.json() == {"data": [], "next_cursor": None, "note": note}
    for form in ("json", "csv", "parquet"):
        assert dashboard.get("/api/bars", format=form, **span).headers["X-Note"] == note
    note = "no rows of /api/anomalies for AAPL 1min from 2020-01-01 to 2020-01-04"
    assert dashboard.get("/api/anomalies", **span).headers["X-Note"] == note
    found = dashboard.get("/api/bars", symbol="AAPL", limit="1")
    assert found.json()["note"] is None
    assert "X-Note" not in found.headers


def test_columns_are_chosen_and_put_in_order(dashboard: Dashboard) -> None:
    asked = {"symbol": "TSLA", "interval": "1min", "limit": "3"}
    whole = dashboard.get("/api/bars", **asked).json()["data"]
    page = dashboard.get("/api/bars", columns="close,symbol", **asked)
    assert [list(row.items()) for row in page.json()["data"]] == [
        [("close", row["close"]), ("symbol", "TSLA")] for row in whole
    ]
    following = httpx.get(f"{dashboard.url}{page.links['next']['url']}").json()["data"]
    assert {*following[0]} == {"close", "symbol"}
    longer = dashboard.get("/api/bars", **{**asked, "limit": "6"}).json()["data"]
    assert [row["close"] for row in following] == [row["close"] for row in longer[3:]]

    twice = f"{dashboard.url}/api/bars?columns=bar_time&columns=close&limit=2&format="
    assert httpx.get(f"{twice}csv").text.splitlines()[0] == '"bar_time","close"'
    table = parquet.read_table(io.BytesIO(httpx.get(f"{twice}parquet").content))
    assert table.column_names == ["bar_time", "close"]
    refused = dashboard.get("/api/intervals", columns="interval,length").json()["detail"]
    assert [one["msg"] for one in refused] == [
        "Value error, there is no column 'length'; there are interval, minutes, label"
    ]


def test_decimals_are_numbers_that_calculate_or_exact(dashboard: Dashboard) -> None:
    asked = {"symbol": "TSLA", "interval": "1min", "limit": "5", "columns": "close"}
    floats = pd.read_parquet(
        io.BytesIO(dashboard.get("/api/bars", format="parquet", **asked).content)
    )
    assert floats["close"].dtype == np.float64
    assert np.isfinite(np.log(floats["close"])).all()
    exact = dashboard.get("/api/bars", decimals="decimal", **asked).json()["data"]
    assert [float(row["close"]) for row in exact] == [*floats["close"]]
    text = dashboard.get("/api/bars", **asked).text
    assert [f'{{"close":{row["close"]}}}' for row in exact] == (
        text.removeprefix('{"data":[').partition("]")[0].split(",")
    )


def test_every_answer_says_instants_alike_and_takes_them_as_bounds(dashboard: Dashboard) -> None:
    newest = dashboard.get("/api/bars", limit="2", order="desc", symbol="AAPL").json()["data"]
    form = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
    instants = ("bar_time", "observed_at", "inserted_at", "updated_at")
    assert all(form.fullmatch(row[name]) for row in newest for name in instants)
    csv_text = dashboard.get("/api/bars", limit="2", order="desc", symbol="AAPL", format="csv").text
    assert newest[0]["updated_at"] in csv_text
    [series] = [one for one in dashboard.get("/api/series").json() if one["symbol"] == "AAPL"]
    assert series["stored"]["1min"] == newest[0]["bar_time"]

    # Half-open: the bar at `from` is in it, the one at `to` is not; a session is at its date.
    span = {"from": newest[1]["bar_time"], "to": newest[0]["bar_time"]}
    found = dashboard.get("/api/bars", symbol="AAPL", **span).json()["data"]
    assert [row["bar_time"] for row in found] == [newest[1]["bar_time"]]
    for since, until, days in (
        ("2026-11-17", "2026-11-18", ["2026-11-17"]),
        ("2026-11-16T12:00Z", "2026-11-17T12:00Z", ["2026-11-17"]),
        ("2026-11-17T00:00:01Z", "2026-11-18T00:00:01Z", ["2026-11-18"]),
    ):
        asked = {"symbol": "AAPL", "from": since, "to": until}
        candles = dashboard.get("/api/candles/1d", **asked).json()["data"]
        assert [row["session_date"] for row in candles] == days


def test_the_sessions_of_one_exchange_are_found(dashboard: Dashboard) -> None:
    asked = {"exchange": "xhkg", "from": "2026-12-24", "to": "2026-12-29"}
    found = dashboard.get("/api/exchange-sessions", **asked).json()["data"]
    day = "2026-12-24"
    morning = {
        "opens_at_utc": f"{day}T01:30:00.000000Z",
        "closes_at_utc": f"{day}T04:00:00.000000Z",
    }
    assert [row["session_date"] for row in found] == ["2026-12-24", "2026-12-28"]
    assert found[0] == {
        "exchange": "XHKG",
        "session_date": "2026-12-24",
        **morning,
        "break_starts_at_utc": None,
        "break_ends_at_utc": None,
        "is_early_close": True,
        "is_assumed": False,
    }
    dates = dashboard.get("/api/dates", **{"from": "2026-12-25", "to": "2026-12-26"}).json()["data"]
    assert [(row["session_date"], row["is_session"]) for row in dates] == [("2026-12-25", False)]
    quotes = dashboard.get("/api/quotes", symbol="tsla").json()["data"]
    assert [row["symbol"] for row in quotes] == ["TSLA"]


def test_a_generated_client_can_name_every_function(dashboard: Dashboard) -> None:
    paths = dashboard.get("/api/openapi.json").json()["paths"]
    names = [paths[f"/api/{dataset.name}"]["get"]["operationId"] for dataset in ALL]
    assert [name for name in names if not name.isidentifier()] == []
    assert len({*names}) == len(ALL)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("/api/bars?symbol=A%20B", "symbol"),
        ("/api/bars?interval=2min", "interval"),
        ("/api/bars?limit=0", "limit"),
        ("/api/bars?limit=50001", "limit"),
        ("/api/bars?sybmol=AAPL", "sybmol"),
        ("/api/bars?from=yesterday", "from"),
        ("/api/bars?from=2026-11-18&to=2026-11-18", "from must lie before to"),
        ("/api/bars?columns=close,price", "there is no column 'price'; there are symbol, "),
        ("/api/bars?columns=close,close", "a column is named twice"),
        ("/api/bars?decimals=double", "decimals"),
        ("/api/bars?as_of=2026-11-17", "as_of"),
        ("/api/bars?symbol=AAPL&as_of=then", "as_of"),
        ("/api/bars?symbol=AAPL&as_of=2026-11-17&basis=total_return", "basis"),
        ("/api/candles/5min?symbol=AAPL&as_of=2026-11-17", "as_of"),
        ("/api/anomalies?interval=1min", "symbol"),
        ("/api/exchange-sessions?exchange=NYSE1", "exchange"),
        ("/api/exchange-sessions?symbol=AAPL", "symbol"),
        ("/api/bars?symbol=AAPL%00", "symbol"),
    ],
)
def test_a_wrong_parameter_is_named(path: str, wrong: str, dashboard: Dashboard) -> None:
    answer = httpx.get(f"{dashboard.url}{path}")
    assert answer.status_code == 422
    assert wrong in answer.text


def test_a_foreign_cursor_leads_nowhere(dashboard: Dashboard) -> None:
    cursor = dashboard.get("/api/bars", limit="1").json()["next_cursor"]
    answer = dashboard.get("/api/status", cursor=cursor)
    assert answer.status_code == 404
    told = "cursor is not one that /api/status gave out; begin again without it"
    assert answer.json() == {"detail": told}


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
    assert {*ROLLED_UP["as_traded"]} == {"5min", "15min", "30min", "60min", "1d"}


def test_the_channel_is_the_one_that_the_stream_notifies() -> None:
    assert CHANNEL == NOTIFY_CHANNEL


def test_a_password_a_host_name_and_a_rate(stored: Market, tmp_path: Path) -> None:
    secret = "correct horse"
    own = {"DASHBOARD_PASSWORD": secret, "DASHBOARD_REQUESTS_A_MINUTE": "30"}
    with serving(stored, tmp_path, **own) as guarded:
        url = f"{guarded.url}/api/series"
        refused = httpx.get(url)
        assert (refused.status_code, refused.headers["www-authenticate"][:5]) == (401, "Basic")
        assert "default-src 'none'" in refused.headers["content-security-policy"]
        assert httpx.get(url, auth=("anybody", "wrong")).status_code == 401
        assert httpx.get(url, auth=("anybody", secret)).status_code == 200
        foreign = {"Host": "rebound.example.org"}
        assert httpx.get(url, auth=("anybody", secret), headers=foreign).status_code == 400
        codes = {httpx.get(url, auth=("anybody", secret)).status_code for _ in range(40)}
        assert codes == {200, 429}
        assert httpx.get(f"{guarded.url}/healthy").status_code == 200
    assert secret not in guarded.log()


def test_people_s_idle_sessions_take_no_connection_from_the_page(
    dashboard: Dashboard, stored: Market
) -> None:
    with ExitStack() as opened:
        held = "select count(*) from pg_stat_activity where usename = 'dashboard_reader'"
        [(already,)] = stored.rows(held)
        for _ in range(20 - already):
            opened.enter_context(closing(stored._connect("dashboard_reader")))
        with pytest.raises(psycopg.OperationalError, match="too many connections for role"):
            stored._connect("dashboard_reader")
        answers = [dashboard.get("/api/bars", limit="5", **NEEDED).status_code for _ in range(20)]
    assert answers == [200] * 20


def test_what_the_database_s_owner_set_for_everybody_changes_no_answer(
    stored: Market, tmp_path: Path
) -> None:
    foreign = {"datestyle": "German", "bytea_output": "escape", "extra_float_digits": "-15",
               "timezone": "Asia/Kolkata", "intervalstyle": "sql_standard"}  # fmt: skip
    names = [one.name for one in (BARS, *ALL) if one is BARS or one.days is not None]
    with serving(stored, tmp_path) as usual:
        before = [usual.get(f"/api/{name}", limit="50", **NEEDED).text for name in names]
    try:
        for name, value in foreign.items():
            stored.run(f"alter database {stored.database} set {name} = '{value}'")
        with serving(stored, tmp_path) as now:
            after = [now.get(f"/api/{name}", limit="50", **NEEDED).text for name in names]
    finally:
        for name in foreign:
            stored.run(f"alter database {stored.database} reset {name}")
        stored.run(f"alter database {stored.database} set timezone = 'UTC'")
    assert after == before
    assert "2026-11-17T" in before[names.index(BARS.name)]
