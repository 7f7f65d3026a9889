"""Rules that people make by the API, over real bars, beside those of the file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.fixtures.live import wait_for
from tests.fixtures.market import Market
from tests.integration.dashboard.serving import Dashboard, serving, store
from tests.integration.market_alerts.receiving import receiving
from tests.integration.market_alerts.running import bar, running
from tests.integration.market_alerts.test_alerts import MINUTE, START

PASSWORD = "a password of the tests"
HEADERS = {"X-Requested-With": "tapeline"}
ABOVE = {
    "name": "above 300",
    "symbols": ["aapl"],
    "interval": "1min",
    "when": {"price": {"crosses": 300, "direction": "up"}},
    "to": "desk",
}
RULES = """
  - {name: of the file, symbols: all, interval: 1min, when: {gap: {percent: 50}}}
"""


@contextmanager
def asking(dashboard: Dashboard, password: str = PASSWORD) -> Iterator[httpx.Client]:
    """Open a client that knows the password."""
    with httpx.Client(
        base_url=dashboard.url, auth=("anyone", password), headers=HEADERS, timeout=60
    ) as client:
        yield client


def rows(client: httpx.Client, path: str, **asked: str) -> list[dict[str, Any]]:
    answer = client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["detail"]


def test_a_request_that_is_committed_after_later_ones_is_answered(
    market: Market, tmp_path: Path
) -> None:
    with (
        receiving() as desk,
        running(market, tmp_path) as alerts,
        serving(market, tmp_path, DASHBOARD_PASSWORD=PASSWORD) as dashboard,
        asking(dashboard) as client,
        market.connect("dashboard_service") as late,
    ):
        alerts.write(RULES, desk=desk.url)
        alerts.start()
        late.autocommit = True
        late.execute("set default_transaction_read_only = off")
        with late.transaction():
            [(early,)] = late.execute("select alerts.ask('options', '{}')").fetchall()
            assert client.get("/api/alert-options").json()["is_running"]
        take = "select alerts.take_answer(%s)"
        wait_for(lambda: late.execute(take, (early,)).fetchall() != [(None,)], "its answer")


def test_rules_are_made_counted_changed_and_ended(market: Market, tmp_path: Path) -> None:
    closes = [299, 301, 299, 301, 301, 299, 302]
    store(market, [bar("AAPL", START + n * MINUTE, close) for n, close in enumerate(closes)])
    with (
        receiving() as desk,
        running(market, tmp_path) as alerts,
        serving(market, tmp_path, DASHBOARD_PASSWORD=PASSWORD) as dashboard,
        asking(dashboard) as client,
    ):
        options = {"is_running": False, "may_write": False, "receivers": []}
        assert client.get("/api/alert-options").json() == options
        assert refused(client.post("/api/alert-rules", json=ABOVE)) == (
            503, "the alerts do not run; start the service `alerts`"
        )  # fmt: skip
        alerts.write(RULES, desk=desk.url)
        alerts.start()
        options = {"is_running": True, "may_write": True, "receivers": ["desk"]}
        assert client.get("/api/alert-options").json() == options

        _count(client)
        rule_id = _make(client)
        # It looks at what comes from now on: of a market that began long ago, at all that comes.
        store(market, [bar("AAPL", START + 7 * MINUTE, 299), bar("AAPL", START + 8 * MINUTE, 303)])
        wait_for(lambda: len(desk.told()) >= 1, "the message")
        wait_for(alerts.is_idle, "the end of the work")
        told = {(kind, rule, symbol) for kind, rule, symbol, _ in desk.told()}
        assert told == {("alert.fired", "above 300", "AAPL")}
        found = rows(client, "/api/alerts", symbol="AAPL", order="desc", **{"from": "2026-11-16"})
        assert [found[0][name] for name in ("rule", "rule_id", "state", "bar_time")] == [
            "above 300", rule_id, "fired", "2026-11-16T14:38:00.000000Z"
        ]  # fmt: skip
        assert json.loads(found[0]["figures"])["value"] == 303

        _change_and_end(client, rule_id)
        assert alerts.stop() == 0
        assert "ERROR" not in alerts.log()


def _count(client: httpx.Client) -> None:
    asked = {"from": "2026-11-16", "to": "2026-11-17"}
    answer = client.post("/api/alert-rules/count", params=asked, json=ABOVE)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["alerts"], told["held_back"], told["bars"], told["symbols"]) == (3, 0, 7, 1)
    assert told["by_symbol"] == [{"symbol": "AAPL", "alerts": 3}]
    assert told["newest"][0] == {
        "symbol": "AAPL",
        "bar_time": "2026-11-16T14:36:00Z",
        "session_date": "2026-11-16",
        "text": "close 302 came to lie above 300",
    }
    # A part of the past, of every symbol, thinned as the rule says.
    later = {"from": "2026-11-16T14:33:00Z", "to": "2026-11-17"}
    thinned = {**ABOVE, "symbols": "all", "frequency": "session"}
    told = client.post("/api/alert-rules/count", params=later, json=thinned).json()
    assert (told["alerts"], told["held_back"], told["bars"]) == (1, 1, 4)
    assert rows(client, "/api/alerts") == []
    assert client.post("/api/alert-rules/count", json={"name": 1}).status_code == 422


def _make(client: httpx.Client) -> int:
    answer = client.post("/api/alert-rules", json=ABOVE)
    assert answer.status_code == 201, answer.text
    rule_id = int(answer.json()["rule_id"])
    made = {row["rule"]: row for row in rows(client, "/api/alert-rules")}
    assert {name: row["origin"] for name, row in made.items()} == {
        "above 300": "api", "of the file": "file"
    }  # fmt: skip
    assert made["above 300"]["symbols"] == "aapl"
    assert refused(client.post("/api/alert-rules", json=ABOVE)) == (
        409, "there is a rule 'above 300' already; each needs a name of its own"
    )  # fmt: skip
    wrong = {**ABOVE, "name": "x", "to": "nobody"}
    assert refused(client.post("/api/alert-rules", json=wrong)) == (
        422, "there is no receiver 'nobody'; there are: desk"
    )  # fmt: skip
    assert refused(client.post("/api/alert-rules", content=b"[1]")) == (
        422, "the body must be a rule as a JSON object"
    )  # fmt: skip
    assert client.post("/api/alert-rules", content=b" " * 20_000).status_code == 413
    of_file = made["of the file"]["rule_id"]
    assert refused(client.delete(f"/api/alert-rules/{of_file}"))[0] == 409
    return rule_id


def _change_and_end(client: httpx.Client, rule_id: int) -> None:
    other = {**ABOVE, "symbols": "all", "to": []}
    answer = client.put(f"/api/alert-rules/{rule_id}", json=other)
    assert answer.status_code == 422  # an empty list tells nobody by mistake
    del other["to"]
    answer = client.put(f"/api/alert-rules/{rule_id}", json=other)
    assert answer.status_code == 200, answer.text
    changed = answer.json()["rule_id"]
    assert changed != rule_id
    assert refused(client.delete(f"/api/alert-rules/{rule_id}")) == (
        404, f"there is no rule {rule_id} in force"
    )  # fmt: skip
    assert client.delete(f"/api/alert-rules/{changed}").json() == {"rule_id": None}
    assert [row["rule"] for row in rows(client, "/api/alert-rules")] == ["of the file"]
    assert rows(client, "/api/alerts") != []


def test_nothing_is_changed_without_password_and_header(market: Market, tmp_path: Path) -> None:
    with (
        receiving() as desk,
        running(market, tmp_path) as alerts,
        serving(market, tmp_path) as dashboard,
    ):
        alerts.write(RULES, desk=desk.url)
        alerts.start()
        with httpx.Client(base_url=dashboard.url, headers=HEADERS, timeout=60) as client:
            assert client.get("/api/alert-options").json()["may_write"] is False
            answer = client.post("/api/alert-rules", json=ABOVE)
            assert answer.status_code == 403
            assert "DASHBOARD_PASSWORD" in answer.json()["detail"]
            assert client.delete("/api/alert-rules/1").status_code == 403
            # To count changes nothing.
            assert client.post("/api/alert-rules/count", json=ABOVE).json()["bars"] == 0
        dashboard.stop()
        dashboard.settings["DASHBOARD_PASSWORD"] = PASSWORD
        dashboard.start()
        with asking(dashboard, "wrong") as client:
            assert client.post("/api/alert-rules", json=ABOVE).status_code == 401
        with asking(dashboard) as client:
            del client.headers["X-Requested-With"]
            assert client.post("/api/alert-rules", json=ABOVE).status_code == 403
            assert client.post("/api/alert-rules/count", json=ABOVE).status_code == 403
        assert alerts.rows("select name from alerts.rules") == [("of the file",)]


def test_a_rule_of_the_file_takes_the_place_of_its_namesake(market: Market, tmp_path: Path) -> None:
    with (
        receiving() as desk,
        running(market, tmp_path) as alerts,
        serving(market, tmp_path, DASHBOARD_PASSWORD=PASSWORD) as dashboard,
        asking(dashboard) as client,
    ):
        alerts.write(RULES, desk=desk.url)
        alerts.start()
        for name in ("of the file, too", "stays"):
            made = client.post("/api/alert-rules", json={**ABOVE, "name": name})
            assert made.status_code == 201, made.text
        alerts.write(RULES + RULES.replace("of the file", '"of the file, too"'), other=desk.url)
        wait_for(lambda: alerts.log().count("are in force") == 2, "the file")
        found = {row["rule"]: row["origin"] for row in rows(client, "/api/alert-rules")}
        assert found == {"of the file": "file", "of the file, too": "file", "stays": "api"}
        assert "rule 'stays': there is no receiver desk" in alerts.log()
        # It outlives the service, and is told of on the page.
        assert alerts.stop() == 0
        alerts.start()
        at = datetime.fromisoformat(f"{START + timedelta(days=1):%Y-%m-%dT%H:%M:%S%z}")
        store(market, [bar("AAPL", at, 299), bar("AAPL", at + MINUTE, 301)])
        wait_for(lambda: len(rows(client, "/api/alerts")) == 1, "the alert")
