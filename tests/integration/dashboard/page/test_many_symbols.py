"""The page with thousands of symbols: one is found by typing, with its price, by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import holds, opened
from tests.integration.dashboard.page.shown import titled
from tests.integration.dashboard.serving import START, Dashboard, Price, line, serving, store

COUNT = 3000
NAMES = "() => [...document.querySelectorAll('#symbols .name')].map(one => one.textContent)"
TYPED = """async () => {
    const field = document.getElementById("find");
    const began = performance.now();
    field.value = "Q29";
    field.dispatchEvent(new Event("input"));
    document.getElementById("symbols").getBoundingClientRect();
    return performance.now() - began;
}"""


@pytest.fixture(scope="module")
def many(postgres: Postgres) -> Iterator[Market]:
    with fresh_market(postgres) as market:
        lines = [
            line(f"Q{number:04}", START, Price(10, 12, 9, 10 + number / 100, 100), START)
            for number in range(COUNT)
        ]
        later = START + timedelta(minutes=1)
        lines += [line("Q2907", later, Price(40, 42, 39, 41.5, 100), later)]
        store(market, lines)
        yield market


@pytest.fixture(scope="module")
def dashboard(many: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(many, tmp_path_factory.mktemp("many")) as running:
        yield running


def test_a_symbol_of_thousands_is_found(browser: Browser, dashboard: Dashboard) -> None:
    with opened(browser, f"{dashboard.url}/?compare=") as (page, _):
        titled(page, "Q0000")
        assert len(page.evaluate(NAMES)) == 50
        assert page.inner_text("#find-state") == "50 of 3,000"
        page.locator("body").press("/")
        page.keyboard.type("2907")
        assert page.evaluate(NAMES) == ["Q2907"]
        holds(page, "() => document.querySelector('#symbols .price').textContent === '41.50'")
        page.keyboard.press("Enter")
        titled(page, "Q2907")
        page.keyboard.press("Escape")
        # What is shown stands first in a list that would not have it.
        holds(page, "() => document.querySelectorAll('#symbols .name').length === 51")
        assert page.evaluate(NAMES)[:2] == ["Q2907", "Q0000"]
        page.fill("#find", "none")
        assert page.inner_text("#find-state") == "No such symbol is stored."
        assert page.evaluate(TYPED) < 500
        assert page.evaluate(NAMES)[:2] == ["Q2900", "Q2901"]
        price = "() => document.querySelector('#symbols [data-symbol=Q2900] .price')?.textContent"
        holds(page, f"() => ({price})() === '39.00'")
        serious = ("serious", "critical")
        found = [one for one in Axe().run(page).response["violations"] if one["impact"] in serious]
        assert [(one["id"], one["nodes"]) for one in found] == []
