"""The page with thousands of symbols of every market: one is found by typing, with its price, by
keys alone; favourites come first."""

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
QUOTES = """
insert into market.quotes (symbol, quote_time, session_date, close, previous_close, source,
    freshness, observed_at, kafka_partition, kafka_offset)
select 'V' || to_char(number, 'FM0000'), '2026-11-16 15:00+00', '2026-11-16', 20 + number / 100.0,
    20, 'simulator', 'simulated', '2026-11-16 15:00+00', 0, number
from generate_series(0, 4999) as number
"""
"""Symbols of which there is only a quote."""
SERIOUS = ("serious", "critical")
LETTERS = "ABCDEFGHIJ"
GROUPS = """() => [...document.querySelectorAll('#symbols h3')].map(one => [
    one.textContent, one.nextElementSibling.querySelectorAll('li').length])"""
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
        lines += [
            line(symbol, START, Price(10, 12, 9, 11, None), START)
            for symbol in (
                *(f"FX:{letter}{other}X/USD" for letter in LETTERS for other in LETTERS),
                *(f"INDEX:I{number:02}" for number in range(5)),
            )
        ]
        lines += [
            line(f"CRYPTO:Q{number}/USD", START, Price(10, 12, 9, 11, 0.25), START)
            for number in range(30)
        ]
        later = START + timedelta(minutes=1)
        lines += [line("Q2907", later, Price(40, 42, 39, 41.5, 100), later)]
        store(market, lines)
        market.run(QUOTES)
        yield market


@pytest.fixture(scope="module")
def dashboard(many: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(many, tmp_path_factory.mktemp("many")) as running:
        yield running


def test_a_symbol_of_thousands_is_found(browser: Browser, dashboard: Dashboard) -> None:
    with opened(browser, f"{dashboard.url}/?compare=") as (page, _):
        titled(page, "Q0000")
        assert len(page.evaluate(NAMES)) == 50
        assert page.inner_text("#find-state") == "50 of 8,135"
        page.locator("body").press("/")
        page.keyboard.type("Q2907")
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
        assert page.evaluate(TYPED) < 1000
        assert page.evaluate(NAMES)[:2] == ["Q2900", "Q2901"]
        assert page.evaluate(GROUPS) == [
            *(["Shares 49 of 100", 49], ["Digital currencies 1", 1]),
        ]
        price = "() => document.querySelector('#symbols [data-symbol=Q2900] .price')?.textContent"
        holds(page, f"() => ({price})() === '39.00'")
        found = [one for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
        assert [(one["id"], one["nodes"]) for one in found] == []


def test_symbols_stand_by_market_and_favourites_first(
    browser: Browser, dashboard: Dashboard
) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=Q0001&compare=") as (page, _):
        titled(page, "Q0001")
        assert page.evaluate(GROUPS) == [
            *(["Shares 15 of 8,000", 15], ["Foreign exchange 15 of 100", 15]),
            *(["Digital currencies 15 of 30", 15], ["Indices 5", 5]),
        ]
        # Found by the name behind its market as well; prices come for what is listed.
        page.fill("#find", "aax")
        assert page.evaluate(NAMES) == ["AAX/USD"]
        holds(page, "() => document.querySelector('#symbols .price').textContent === '11.00'")
        page.click("[data-star='FX:AAX/USD']")
        page.fill("#find", "")
        assert page.evaluate(GROUPS)[:2] == [["Favourites 1", 1], ["Shares 15 of 8,000", 15]]

        # By keys alone: into the list, to a star, down to the next symbol and onto its chart.
        page.focus("#find")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Tab")
        assert page.evaluate("() => document.activeElement.dataset.star") == "Q0000"
        page.keyboard.press("Space")
        assert page.evaluate(NAMES)[:3] == ["FX:AAX/USD", "Q0000", "Q0001"]
        assert page.evaluate("() => document.activeElement.dataset.star") == "Q0000"
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        titled(page, "FX:AAX/USD")
        page.keyboard.press("j")
        titled(page, "Q0000")
        page.keyboard.press("f")
        assert page.evaluate(GROUPS)[0] == ["Favourites 1", 1]

        # They stay in this browser, and go with one press.
        page.reload()
        titled(page, "Q0000")
        assert page.evaluate(NAMES)[0] == "FX:AAX/USD"
        found = [one for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
        assert [(one["id"], one["nodes"]) for one in found] == []
        page.click("[data-star='FX:AAX/USD']")
        assert page.evaluate(GROUPS)[0] == ["Shares 15 of 8,000", 15]


def test_what_is_kept_by_others_is_no_favourite(browser: Browser, dashboard: Dashboard) -> None:
    foreign = "localStorage.setItem('favourites', '{not ours')"
    with opened(browser, f"{dashboard.url}/?symbol=Q0001", script=foreign) as (page, _):
        titled(page, "Q0001")
        assert page.evaluate(GROUPS)[0] == ["Shares 15 of 8,000", 15]


def test_a_symbol_that_has_only_a_quote_stands_in_the_list(
    browser: Browser, dashboard: Dashboard, many: Market
) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=Q0001&compare=") as (page, _):
        titled(page, "Q0001")
        page.clock.install()
        page.fill("#find", "V4321")
        assert page.evaluate(NAMES) == ["V4321"]
        page.clock.run_for(1_000)
        holds(page, "() => document.querySelector('#symbols .price').textContent === '63.21'")
        assert page.inner_text("#symbols .note") == "quote only"
        assert page.inner_text("#symbols .change") == "+216.05 %"
        page.click("[data-symbol=V4321]")
        said = "No bars of V4321 are stored; this is Q0001."
        holds(page, f"() => document.getElementById('unavailable').textContent === '{said}'")
        # Its price follows by the minute.
        many.run("update market.quotes set close = 63.5, updated_at = now() where symbol = 'V4321'")
        page.clock.run_for(62_000)
        holds(page, "() => document.querySelector('#symbols .price').textContent === '63.50'")
        # With its first bar it is shown, as it was asked for.
        later = START + timedelta(minutes=1)
        store(many, [line("V4321", later, Price(40, 42, 39, 41.5, 100), later)])
        titled(page, "V4321")
