"""What the page says where there is nothing to show, and while the first bars arrive."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import Browser, Page, Request

from tests.fixtures.market import fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import holds, loaded, opened
from tests.integration.dashboard.page.shown import bar, titled
from tests.integration.dashboard.serving import serving, store

COMPUTED = ("/api/profile", "/api/anomalies", "/api/signals", "/api/gaps")


def says(page: Page, place: str, text: str) -> None:
    holds(
        page,
        "([place, text]) => document.getElementById(place).textContent === text",
        [place, text],
    )


def test_what_has_nothing_to_show_says_so(
    browser: Browser, postgres: Postgres, tmp_path: Path
) -> None:
    with fresh_market(postgres) as market, serving(market, tmp_path) as dashboard:
        days = [bar(-1440 * count, 100.0) for count in range(3)]
        later = [bar(minute, 50.0, symbol="MSFT") for minute in range(100, 103)]
        store(market, [one.replace("1min", "1d") for one in days])
        store(market, [one.replace("1min", "5min") for one in later])
        with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=1d&range=all") as (page, _):
            loaded(page, bars=3)
            says(page, "profile-hint", "No bars within a day are stored of AAPL.")
            says(page, "chart-state", "Bands and volatility follow, from the 20th bar on.")
            says(page, "volatility-hint", "shows from the 21st bar on")
            says(page, "compare-state", "No price at 2026-11-16: MSFT.")
        address = f"{dashboard.url}/?symbol=MSFT&interval=5min&range=all&compare=AAPL"
        # Without complaint: no chart is asked for that there is not.
        with opened(browser, address) as (page, _):
            loaded(page, bars=3)
            says(page, "compare-state", "No 5min bars in this range: AAPL.")
            # It comes by itself, once there are such bars.
            store(market, [bar(minute, 100.0).replace("1min", "5min") for minute in (100, 101)])
            holds(page, "() => 'AAPL' in window.tapeline.drawn().compared")
            says(page, "compare-state", "")
            # What is asked for and is not stored is said, and stays so until something is chosen.
            page.goto(f"{dashboard.url}/?symbol=NONE&interval=1min&range=1d")
            says(page, "unavailable", "No bars of NONE are stored; this is AAPL.")
            page.goto(f"{dashboard.url}/?symbol=MSFT&interval=1min&range=1d")
            says(page, "unavailable", "No 1min bars of MSFT are stored; these are 5min.")
            page.locator("body").press("i")
            says(page, "unavailable", "")
            page.goto(f"{dashboard.url}/?symbol=MSFT&interval=1d&range=all")
            says(page, "chart-state", "There are no bars in this range.")
            says(page, "volatility-hint", "no bars in this range")
        with opened(browser, address, quiet=False) as (page, _):
            loaded(page, bars=3)
            page.route("**/api/stream*", lambda route: route.abort())
            page.locator("body").press("r")
            says(page, "connection", "connection lost, trying again")


def test_the_first_bars_show_without_complaint(
    browser: Browser, postgres: Postgres, tmp_path: Path
) -> None:
    """Whatever of a history has arrived, the page asks for nothing that there is not, and for
    what takes long one at a time: the server computes few at once, for all viewers."""
    computing: set[Request] = set()
    beside: set[Request] = set()
    given_up: set[Request] = set()

    def begun(request: Request) -> None:
        if any(path in request.url for path in COMPUTED):
            beside.update(computing)
            computing.add(request)

    def ended(request: Request) -> None:
        computing.discard(request)

    def failed(request: Request) -> None:
        given_up.add(request)
        computing.discard(request)

    with (
        fresh_market(postgres) as market,
        serving(market, tmp_path) as dashboard,
        ExitStack() as all_,
    ):
        views = ("", "?symbol=TSLA&interval=60min&range=5d", "?symbol=MSFT&interval=1d&range=all")
        pages = [
            all_.enter_context(opened(browser, f"{dashboard.url}/{view}"))[0] for view in views
        ]
        for page in pages:
            holds(page, "() => !document.getElementById('empty').hidden")
            says(page, "connection", "waiting for bars")
        pages[1].on("request", begun)
        pages[1].on("requestfinished", ended)
        pages[1].on("requestfailed", failed)
        store(market, [bar(minute, 100.0) for minute in range(5)], with_indicators=False)
        for page in pages:
            titled(page, "AAPL")
        # What is shown until then is said to be another symbol.
        says(pages[1], "unavailable", "No bars of TSLA are stored; this is AAPL.")
        days = [
            bar(-1440 * count, 100.0, symbol="MSFT").replace("1min", "1d") for count in range(3)
        ]
        store(market, days)
        store(market, [bar(minute, 50.0, symbol="TSLA") for minute in range(-90, 40)], False)
        store(market, [bar(minute, 100.0) for minute in range(-90, 40)])
        holds(pages[0], "() => Object.keys(window.tapeline.drawn().compared).length === 2")
        # They come by themselves.
        titled(pages[1], "TSLA · 60min")
        titled(pages[2], "MSFT · 1d")
        for page in pages:
            loaded(page, bars=1)
        holds(pages[1], "() => window.tapeline.drawn().profile.length > 0")
        says(pages[1], "unavailable", "")
        # Only what it gave up, since it shows something else, may still be open beside another.
        assert beside <= given_up
