"""The page in a real Chromium: it shows what the database holds, live, whatever breaks.

With SCREENSHOTS=FOLDER in the environment, what it looks like is kept there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import holds, loaded, opened
from tests.integration.dashboard.page.shown import WRITTEN, at, bar, keep, shows, titled
from tests.integration.dashboard.serving import (
    MINUTES,
    NEXT,
    SESSIONS,
    Dashboard,
    Price,
    derive,
    line,
    serving,
    store,
)

BARS = "() => window.tapeline.bars().map(b => [b.time, b.open, b.high, b.low, b.close, b.volume])"

SERIOUS = ("serious", "critical")


def test_the_page_shows_the_bars_that_the_database_holds(
    browser: Browser, dashboard: Dashboard, stored: Market
) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=MSFT&interval=1min&range=all") as (page, _):
        loaded(page)
        wanted = stored.rows(
            "select extract(epoch from bar_time)::float8, open::float8, high::float8, "
            "low::float8, close::float8, volume::float8 from bi.events_stream "
            "where symbol = 'MSFT' order by bar_time"
        )
        assert [tuple(row) for row in page.evaluate(BARS)] == wanted
        assert "MSFT 1min · simulated" in page.title()
        assert page.is_visible("#simulated")
        assert "simulated" in page.inner_text("#title")
        assert page.locator("#symbols [data-symbol]").count() == 3
        # It comes with the first word on the stream, after the connection.
        holds(page, "() => document.getElementById('health').textContent.startsWith('Last stored')")
        assert page.locator("#events li").count() > 3
        for box in ("chart", "compare", "volatility", "profile"):
            assert page.locator(f"#{box} canvas").count() > 0, box
        keep(page, "live-dark")


@pytest.mark.parametrize(
    ("name", "path", "options"),
    [
        ("live-5min-light", "/?symbol=TSLA&interval=5min&range=5d", {"color_scheme": "light"}),
        ("live-daily", "/?symbol=AAPL&interval=1d&range=all", {}),
        ("phone-dark", "/?symbol=AAPL", {"viewport": {"width": 390, "height": 844}}),
        ("data-light", "/data.html", {"color_scheme": "light"}),
        ("data-phone", "/data.html", {"viewport": {"width": 390, "height": 844}}),
    ],
)
def test_a_page_loads_is_accessible_and_fits(
    name: str, path: str, options: dict[str, Any], browser: Browser, dashboard: Dashboard
) -> None:
    with opened(browser, f"{dashboard.url}{path}", **options) as (page, _):
        if path.startswith("/data"):
            holds(page, "() => document.querySelectorAll('#tables tr').length > 10")
        else:
            holds(page, "() => document.querySelectorAll('#newest tr').length > 0")
            holds(page, "() => document.querySelectorAll('#events li').length > 0")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"]) for one in found if one["impact"] in SERIOUS] == []
        wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0
        keep(page, name, full="phone" in name)


def test_a_bar_shows_within_a_second_of_its_commit(
    browser: Browser,
    dashboard: Dashboard,
    stored: Market,
    record_testsuite_property: Callable[[str, object], None],
) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=1min") as (page, _):
        loaded(page)
        page.evaluate(
            """() => {
                window.seen = {};
                const table = document.getElementById("newest");
                new MutationObserver(() => {
                    const time = table.rows[0].dataset.time;
                    window.seen[time] ??= Date.now() / 1000;
                }).observe(table, { childList: true });
            }"""
        )
        delays = []
        for minute in range(8):
            committed = store(stored, [bar(minute, 281.0 + minute)], with_indicators=False)
            shows(page, at(minute), 281.0 + minute)
            delays.append(page.evaluate(f"() => window.seen['{int(at(minute))}']") - committed)
        record_testsuite_property("commit_to_page_seconds", sorted(round(one, 3) for one in delays))
        assert sorted(delays)[len(delays) // 2] < 1.0
        derive(stored)
        holds(page, "() => window.tapeline.bars().at(-1).upper !== null")


def test_a_late_correction_is_drawn_in_place(
    browser: Browser, dashboard: Dashboard, stored: Market
) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=TSLA&interval=1min") as (page, _):
        loaded(page)
        before = page.evaluate(BARS)
        store(stored, [bar(-40, 466.6, symbol="TSLA")])
        shows(page, at(-40), 466.6)
        after = page.evaluate(BARS)
        changed = [new for old, new in zip(before, after, strict=True) if old != new]
        assert changed == [[at(-40), 466.6, 466.8, 466.4, 466.6, 4000]]


def test_the_compared_symbols_follow_as_well(
    browser: Browser, dashboard: Dashboard, stored: Market
) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=1min&compare=TSLA") as (page, _):
        loaded(page)
        holds(page, "() => 'TSLA' in window.tapeline.drawn().compared")
        store(stored, [bar(60, 470.0, symbol="TSLA")])
        holds(
            page,
            "time => window.tapeline.drawn().compared.TSLA.at(-1).time === time",
            arg=at(60),
        )


def test_small_prices_have_labels_and_their_fall_is_told_in_percent(
    browser: Browser, postgres: Postgres, tmp_path: Path
) -> None:
    def cheap(minute: int, close: float) -> str:
        price = Price(close, close + 0.0002, close, close, 4000)
        start = NEXT + timedelta(minutes=minute)
        return line("AAPL", start, price, NEXT + timedelta(days=1))

    with fresh_market(postgres) as market, serving(market, tmp_path) as dashboard:
        store(market, [cheap(minute, 0.03 + minute % 5 / 1000) for minute in range(60)])
        url = f"{dashboard.url}/?symbol=AAPL&interval=1min"
        with opened(browser, url, script=WRITTEN) as (page, _):
            loaded(page)
            page.wait_for_timeout(500)
            keep(page, "small-prices")
            texts = [(box, text) for box, text in page.evaluate("() => window.written")]
            labels = {text for box, text in texts if box == "chart" and text.startswith("0.03")}
            assert len(labels) > 4, texts
            # From 0.034 to a tenth of a cent: as a log return that would be -352 %.
            store(market, [cheap(60, 0.001)])
            told = "The price moved -97.06 %"
            holds(page, "text => document.body.textContent.includes(text)", arg=told)


def test_choices_stand_in_the_address_and_keys_work(browser: Browser, dashboard: Dashboard) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=1min&range=1d") as (page, _):
        loaded(page)
        page.locator("body").press("j")
        holds(page, "() => location.search.includes('symbol=MSFT')")
        page.locator("body").press("i")
        holds(page, "() => location.search.includes('interval=5min')")
        titled(page, "5min")
        page.locator("input[value=bands]").uncheck()
        holds(page, "() => location.search.includes('bands=off')")
        page.locator("body").press("z")
        holds(page, "() => location.search.includes('clock=utc')")
        page.locator("body").press("t")
        assert page.get_attribute("html", "data-theme") == "light"
        page.locator("body").press("?")
        assert page.is_visible("#help")
        shared = page.url
        page.keyboard.press("Escape")
        # Each of them is a step back, layers and clock without another load.
        page.go_back()
        holds(page, "() => document.querySelector('input[value=exchange]').checked")
        assert not page.is_checked("input[value=bands]")
        page.go_back()
        holds(page, "() => document.querySelector('input[value=bands]').checked")
        assert page.is_visible("#key [data-layer=bands]")
        page.go_back()
        titled(page, "MSFT · 1min")
        page.go_back()
        titled(page, "AAPL · 1min")
        for _ in range(4):
            page.go_forward()
        titled(page, "MSFT · 5min")
        holds(page, "() => document.querySelector('input[value=utc]').checked")
        assert page.url == shared
        assert not page.is_checked("input[value=bands]")
        assert page.is_hidden("#key [data-layer=bands]")
    with opened(browser, shared) as (page, _):
        loaded(page)
        assert "MSFT · 5min" in page.inner_text("#title")
        assert not page.is_checked("input[value=bands]")
        assert page.inner_text("#newest-hint") == "UTC"


def test_a_range_fills_the_chart(browser: Browser, dashboard: Dashboard) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=MSFT&interval=1min&range=all") as (page, _):
        loaded(page)
        bars = page.evaluate("() => window.tapeline.bars().length")
        assert bars >= SESSIONS * MINUTES
        holds(
            page,
            "bars => (({ from, to }) => from <= 0 && to >= bars - 1)(window.tapeline.visible())",
            bars,
        )
        page.locator("body").press("End")
        holds(page, "() => window.tapeline.visible().from > 100")


def test_the_page_is_light(
    browser: Browser, dashboard: Dashboard, record_testsuite_property: Callable[[str, object], None]
) -> None:
    context = browser.new_context()
    page = context.new_page()
    sizes: dict[str, int] = {}

    def keep_size(response: Any) -> None:
        if "/api/" not in response.url:
            sizes[response.url] = response.request.sizes()["responseBodySize"]

    page.on("requestfinished", lambda request: keep_size(request.response()))
    page.goto(dashboard.url)
    loaded(page)
    record_testsuite_property("page_bytes", sum(sizes.values()))
    assert 0 < sum(sizes.values()) < 120_000
    context.close()
