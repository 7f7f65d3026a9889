"""The form of a rule in a browser: each kind of condition is counted, made, and changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.fixtures.market import Market
from tests.integration.dashboard.page.alerts.test_alerts_page import PASSWORD, RULES, findings, says
from tests.integration.dashboard.page.browsing import holds, opened
from tests.integration.dashboard.serving import serving, store
from tests.integration.market_alerts.receiving import receiving
from tests.integration.market_alerts.running import bar, running
from tests.integration.market_alerts.test_alerts import MINUTE, START

# By name: the kind, what is filled in of its fields, and the rule's condition that comes of it.
CASES: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "price": (
        "price",
        {"crosses": "300.5", "direction": "down"},
        {"crosses": "300.5", "direction": "down"},
    ),
    "change by bars": (
        "change",
        {"percent": "0.4", "span": "2", "direction": "up"},
        {"percent": "0.4", "bars": "2", "direction": "up"},
    ),
    "change by time": (
        "change",
        {"percent": "0.4", "span": "3min"},
        {"percent": "0.4", "span": "3min", "direction": "either"},
    ),
    "volume": (
        "volume",
        {"times_usual": "2.5", "bars": "3"},
        {"times_usual": "2.5", "bars": "3"},
    ),
    "gap": ("gap", {"percent": "1"}, {"percent": "1", "direction": "either"}),
    "indicator crosses": (
        "indicator",
        {"of": "close", "relation": "crosses", "than": "sma_20", "direction": "up"},
        {"of": "close", "crosses": "sma_20", "direction": "up"},
    ),
    "indicator lies": (
        "indicator",
        {"of": "rsi_14", "relation": "below", "than": "30"},
        {"of": "rsi_14", "below": "30"},
    ),
    "signal": (
        "signal",
        {"rule": "band_break", "direction": "down"},
        {"rule": "band_break", "direction": "down"},
    ),
    "pattern": ("pattern", {"is": "three_white_soldiers"}, {"is": "three_white_soldiers"}),
    "anomaly": (
        "anomaly",
        {"of": "volume", "severity": "high"},
        {"of": "volume", "severity": "high"},
    ),
    "no data": ("no_data", {"for": "5min"}, {"for": "5min"}),
}
MADE = "select name, definition -> 'when' from alerts.rules where ended_at is null and origin = %s"
VALUE = "([name, value]) => document.querySelector(`[name=${name}]`).value === value"


def test_each_kind_of_condition_is_counted_made_and_changed(
    browser: Browser, market: Market, tmp_path: Path
) -> None:
    closes = [299, 301, 299, 301, 301, 299, 302]
    store(market, [bar("AAPL", START + n * MINUTE, close) for n, close in enumerate(closes)])
    login = {"username": "anyone", "password": PASSWORD}
    with (
        receiving() as desk,
        running(market, tmp_path) as alerts,
        serving(market, tmp_path, DASHBOARD_PASSWORD=PASSWORD) as dashboard,
    ):
        alerts.write(RULES, desk=desk.url)
        alerts.start()
        with opened(browser, f"{dashboard.url}/alerts.html", http_credentials=login) as (page, _):
            says(page, "rules", "of the file")
            kinds = page.eval_on_selector_all("[name=kind] option", "all => all.map(o => o.value)")
            assert kinds == list(dict.fromkeys(kind for kind, _, _ in CASES.values()))
            for name, (kind, fields, _) in CASES.items():
                page.select_option("[name=kind]", kind)
                _fill(page, fields)
                page.fill("[name=name]", name)
                page.fill("[name=symbols]", "aapl")
                page.click("#count")
                says(page, "counted", "at 7 bars of 1 symbol.")
                page.click("#make")
                says(page, "counted", f"{name} is in force")
            assert findings(page) == []
            wanted = {name: {kind: when} for name, (kind, _, when) in CASES.items()}
            assert dict(market.rows(MADE, ("api",))) == wanted
            for name, (_, fields, _) in CASES.items():
                says(page, "rules", name)
                page.click(f"[aria-label='Change {name}']")
                for field, value in fields.items():
                    holds(page, VALUE, [f"when_{field}", value])
                page.fill("[name=name]", f"{name} again")
                page.click("#make")
                says(page, "counted", f"{name} again is in force")
            again = {f"{name} again": when for name, when in wanted.items()}
            assert dict(market.rows(MADE, ("api",))) == again


def _fill(page: Page, fields: dict[str, str]) -> None:
    for name, value in fields.items():
        field = page.locator(f"[name=when_{name}]")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
