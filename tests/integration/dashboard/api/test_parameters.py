"""The parameters of the data API: what each asks for, and what is said of one that is wrong."""

from __future__ import annotations

import io
import re

import httpx
import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from services.dashboard.data_api.datasets import ALL
from tests.integration.dashboard.serving import Dashboard


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
