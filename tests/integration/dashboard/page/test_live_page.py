"""Whatever comes on the stream, the live page draws what a page shows that is loaded now."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import Line, holds, loaded, opened
from tests.integration.dashboard.serving import NEXT, Dashboard, Price, line, serving, store

DRAWN = "() => window.tapeline.drawn()"
VIEWS = (
    "symbol=AAPL&interval=1min&range=1d&compare=MSFT",
    "symbol=AAPL&interval=5min&range=5d&compare=MSFT,TSLA",
    "symbol=MSFT&interval=1d&range=all&compare=AAPL",
)
FOLLOWED_SECONDS = 60
seen = itertools.count(1)


@dataclass(frozen=True)
class Commit:
    """What one transaction stores: closes by symbol and minute; indicators with it, or not."""

    bars: dict[tuple[str, int], float]
    with_indicators: bool = True
    away: bool = False

    def lines(self) -> list[str]:
        """Return its bars; each is a newer observation than all before."""
        return [
            bar(symbol, minute, close, seconds=next(seen))
            for (symbol, minute), close in self.bars.items()
        ]


def bar(symbol: str, minute: int, close: float, seconds: int = 0) -> str:
    price = Price(close, close + 0.2, close - 0.2, close, 4000 + minute % 7)
    at = NEXT + timedelta(minutes=minute)
    return line(symbol, at, price, NEXT + timedelta(days=5, seconds=seconds))


# Known bars, the next ones, and those of the next day after a gap.
minutes = st.one_of(st.integers(-120, -1), st.integers(0, 40), st.integers(1000, 1090))
closes = st.integers(20_000, 29_999).map(lambda cents: cents / 100)
commits = st.builds(
    Commit,
    st.dictionaries(
        st.tuples(st.sampled_from(("AAPL", "MSFT")), minutes), closes, min_size=1, max_size=6
    ),
    st.booleans(),
    st.booleans(),
)


@pytest.fixture(scope="module")
def to_server(dashboard: Dashboard) -> Iterator[Line]:
    """Return a line to the dashboard that can be cut and held."""
    with closing(Line(dashboard.port)) as one:
        yield one


@pytest.fixture(scope="module")
def pages(browser: Browser, to_server: Line) -> Iterator[list[Page]]:
    """Return pages that stay open while bars come."""
    with ExitStack() as stack:
        found = []
        for view in VIEWS:
            url = f"http://127.0.0.1:{to_server.port}/?{view}"
            page, _ = stack.enter_context(opened(browser, url, quiet=False))
            page.clock.install()
            loaded(page, bars=3)
            found.append(page)
        yield found


def fresh(browser: Browser, dashboard: Dashboard, view: str) -> Any:
    """Return what a page draws that is loaded now."""
    with opened(browser, f"{dashboard.url}/?{view}") as (page, _):
        # A session may have begun with a bar.
        loaded(page, bars=1)
        holds(page, "() => window.tapeline.drawn().profile.length > 0")
        return page.evaluate(DRAWN)


def follows(page: Page, wanted: Any) -> None:
    """Wait until a page has drawn it."""
    end = time.monotonic() + FOLLOWED_SECONDS
    while (drawn := page.evaluate(DRAWN)) != wanted and time.monotonic() < end:
        page.wait_for_timeout(100)
    assert {name for name in wanted if drawn[name] != wanted[name]} == set()


@given(st.lists(commits, min_size=1, max_size=5))
@example([Commit({("AAPL", 1): 271.0, ("AAPL", 2): 272.0})])
@example([Commit({("AAPL", 4): 271.0, ("AAPL", -30): 272.0}), Commit({("AAPL", 3): 273.0})])
@example([Commit({("AAPL", n): 270.0 + n for n in range(5, 20)}, False), Commit({}, True)])
@example([Commit({("MSFT", -3): 505.5}, True, True), Commit({("AAPL", 1030): 275.0})])
@settings(max_examples=3, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_any_messages_leave_the_page_as_if_it_were_loaded_now(
    browser: Browser,
    dashboard: Dashboard,
    stored: Market,
    to_server: Line,
    pages: list[Page],
    committed: list[Commit],
) -> None:
    for one in committed:
        if one.away:
            to_server.cut()
        store(stored, one.lines(), one.with_indicators)
    for view, page in zip(VIEWS, pages, strict=True):
        wanted = fresh(browser, dashboard, view)
        # What is computed as it is asked follows after a while.
        page.clock.fast_forward(20_000)
        follows(page, wanted)
        assert page.text_content("#trouble") == ""


def test_two_bars_in_one_transaction_are_drawn(
    browser: Browser, postgres: Postgres, tmp_path: Path
) -> None:
    with fresh_market(postgres) as market, serving(market, tmp_path) as dashboard:
        store(market, [bar("AAPL", minute, 100.0 + minute % 3) for minute in range(40)])
        with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=1min") as (page, _):
            loaded(page)
            store(market, [bar("AAPL", 42, 142.0), bar("AAPL", 43, 143.0)])
            holds(page, "() => window.tapeline.drawn().candles.length === 42")
            times = [(NEXT + timedelta(minutes=minute)).timestamp() for minute in (42, 43)]
            drawn = page.evaluate(DRAWN)
            found = [(one["time"], one["close"]) for one in drawn["candles"][-2:]]
            assert found == list(zip(times, (142.0, 143.0), strict=True))
            # A later correction of one of them as well.
            store(market, [bar("AAPL", 42, 150.0, seconds=1)])
            holds(page, "() => window.tapeline.drawn().candles.at(-2).close === 150")
            assert page.get_attribute("#connection", "data-state") == "live"


def test_a_series_that_is_stored_later_is_shown_by_itself(
    browser: Browser, postgres: Postgres, tmp_path: Path
) -> None:
    with fresh_market(postgres) as market, serving(market, tmp_path) as dashboard:
        store(market, [bar("AAPL", minute, 100.0 + minute % 3) for minute in range(40)])
        with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=1min") as (page, _):
            loaded(page)
            assert page.evaluate("() => Object.keys(window.tapeline.drawn().compared)") == ["AAPL"]
            store(market, [bar("MSFT", minute, 200.0 + minute % 3) for minute in range(40)])
            holds(page, "() => 'MSFT' in window.tapeline.drawn().compared")
            assert page.evaluate(DRAWN) == fresh(browser, dashboard, "symbol=AAPL&interval=1min")


BROKEN = {
    "a time that is none": json.dumps(
        {
            "symbol": "AAPL",
            "interval": "1min",
            "basis": "split_adjusted",
            "rows": [["x", 1, 1, 1, 1, 1]],
        }
    ),
    "no JSON": "{",
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_what_cannot_be_drawn_is_said_and_is_not_live(
    data: str, browser: Browser, dashboard: Dashboard
) -> None:
    url = f"{dashboard.url}/?symbol=AAPL&interval=1min"
    with opened(browser, url, quiet=False) as (page, complaints):
        loaded(page)
        page.route(
            "**/api/stream*",
            lambda route: route.fulfill(
                content_type="text/event-stream", body=f"event: bars\ndata: {data}\n\n"
            ),
        )
        page.locator("body").press("r")
        holds(page, "() => document.getElementById('connection').dataset.state === 'away'")
        assert "cannot be drawn" in page.inner_text("#connection")
        assert "The page cannot draw what has come" in page.inner_text("#trouble")
        assert complaints
        page.unroute("**/api/stream*")
        page.wait_for_selector("#trouble", state="hidden")
        holds(page, "() => document.getElementById('connection').dataset.state === 'live'")


def test_a_server_that_takes_and_never_answers_is_said(browser: Browser, to_server: Line) -> None:
    url = f"http://127.0.0.1:{to_server.port}/?symbol=AAPL&interval=1min"
    with opened(browser, url, quiet=False) as (page, _):
        page.clock.install()
        loaded(page)
        to_server.hold()
        page.clock.fast_forward(36_000)
        holds(page, "() => document.getElementById('connection').dataset.state === 'away'")
        page.locator("body").press("j")
        page.clock.fast_forward(41_000)
        page.wait_for_selector("#trouble:visible")
        assert "has not answered for 40 seconds" in page.inner_text("#trouble")
        to_server.let_go()
        page.clock.fast_forward(3_000)
        page.wait_for_selector("#trouble", state="hidden")
        holds(page, "() => document.getElementById('title').textContent.includes('MSFT')")
        holds(page, "() => document.getElementById('connection').dataset.state === 'live'")
