"""The page of the alerts in a browser: a rule is counted, made, changed and ended, and shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.fixtures.market import Market
from tests.integration.dashboard.page.browsing import holds, opened
from tests.integration.dashboard.serving import serving, store
from tests.integration.market_alerts.receiving import receiving
from tests.integration.market_alerts.running import bar, running
from tests.integration.market_alerts.test_alerts import MINUTE, START

PASSWORD = "a password of the tests"
RULES = """
  - {name: of the file, symbols: all, interval: 1min, when: {gap: {percent: 50}}}
"""
TEXT = "([id, text]) => document.getElementById(id).textContent.includes(text)"


def findings(page: Page) -> list[Any]:
    return list(Axe().run(page).response["violations"])


def says(page: Page, part: str, text: str) -> None:
    holds(page, TEXT, [part, text])


def test_a_rule_is_made_and_shows_what_it_finds(
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
        # What is wrong with a rule is an answer of 422, which the browser complains of.
        with opened(
            browser, f"{dashboard.url}/alerts.html", quiet=False, http_credentials=login
        ) as (page, complaints):
            says(page, "rules", "of the file")
            says(page, "alerts", "None so far.")
            _count(page)
            _make_by_keyboard(page)
            store(market, [bar("AAPL", START + (7 + n) * MINUTE, 299 + 4 * n) for n in (0, 1)])
            says(page, "alerts", "up, level 300, value 303, before 299")
            assert findings(page) == []
            page.click("#theme")
            assert findings(page) == []
            _change_and_end(page)
            assert [one for one in complaints if "422" not in one] == []
        assert {rule for _, rule, _, _ in desk.told()} == {"above 300"}
        _is_marked(browser, dashboard.url, login)


def _count(page: Page) -> None:
    page.fill("[name=name]", "above 300")
    page.fill("[name=symbols]", "aapl")
    page.fill("[name=when_crosses]", "many")
    page.select_option("[name=when_direction]", "up")
    page.click("#count")
    says(page, "refusal", "Crosses is 'many'; it must be a number")
    page.fill("[name=when_crosses]", "300")
    page.click("#count")
    says(page, "counted", "It would have fired 3 times at 7 bars of 1 symbol.")
    assert page.is_hidden("#refusal")
    assert page.locator("#past li").count() == 3


def _make_by_keyboard(page: Page) -> None:
    page.focus("#receivers input")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "count"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    says(page, "counted", "above 300 is in force")
    says(page, "rules", "this page or the API")


def _change_and_end(page: Page) -> None:
    page.click("[aria-label='Change above 300']")
    assert page.evaluate("document.activeElement.name") == "name"
    assert page.input_value("[name=when_crosses]") == "300"
    assert page.is_checked("#receivers input")
    page.select_option("[name=frequency]", "once")
    page.fill("[name=name]", "once above 300")
    page.click("#make")
    says(page, "rules", "once above 300")
    page.click("[aria-label='End once above 300']")
    says(page, "counted", "once above 300 is ended")
    holds(page, "() => document.querySelectorAll('#rules tr').length === 1")


def _is_marked(browser: Browser, url: str, login: dict[str, str]) -> None:
    asked = f"{url}/?symbol=AAPL&interval=1min&range=all"
    with opened(browser, asked, http_credentials=login) as (page, _):
        says(page, "events", "Alert: above 300")
        at = (START + 8 * MINUTE).timestamp()
        marks = (
            "at => window.tapeline.marked().some(one => one.time === at && one.shape === 'circle')"
        )
        holds(page, marks, at)


def test_without_service_or_password_the_page_says_so(
    browser: Browser, market: Market, tmp_path: Path
) -> None:
    with (
        serving(market, tmp_path) as dashboard,
        opened(browser, f"{dashboard.url}/alerts.html") as (page, _),
    ):
        says(page, "state", "The service of alerts does not run here")
        says(page, "rules", "No rule is in force.")
        assert page.is_disabled("#make")
        assert page.is_disabled("#count")
        assert findings(page) == []
