"""Charts of foreign exchange, a digital currency, an index and an Indian share: their days, their
clocks, and no word of a volume where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.fixtures.market import fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import holds, opened
from tests.integration.dashboard.page.shown import keep, titled
from tests.integration.dashboard.serving import Dashboard, Price, line, serving, store

EUR, BTC, SPX, INDIAN = "FX:EUR/USD", "CRYPTO:BTC/USD", "INDEX:SPX", "M&M.BSE"
FRIDAY, SUNDAY = datetime(2026, 11, 13, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC)
LABEL = "() => document.getElementById('chart').getAttribute('aria-label')"
LEGEND = "() => document.getElementById('legend').textContent"
SESSIONS = """() => window.tapeline.divided()
    .filter(one => one.kind !== 'no_trade' && one.kind !== 'missing').map(one => one.text)"""


def _bars(symbol: str) -> Iterator[str]:
    """Yield minutes before and after the turn of the market's day, or days of an index."""
    if symbol == SPX:
        for day in (9, 10, 11, 12, 13):
            at = datetime(2026, 11, day, 5, tzinfo=UTC)
            yield line(symbol, at, Price(6700, 6800, 6650, 6700 + day, None), at)
        return
    if symbol == INDIAN:
        for minute in range(3):
            at = FRIDAY + timedelta(hours=4, minutes=minute)
            yield line(symbol, at, Price(70, 71, 69, 70.5, 4000), at + timedelta(minutes=1))
        return
    closes, opens = (22, 22) if symbol == EUR else (24, 0)
    price, volume = (1.08, None) if symbol == EUR else (91_000.5, 0.00012345)
    after = SUNDAY if symbol == EUR else FRIDAY + timedelta(days=1)
    starts = (FRIDAY + timedelta(hours=closes - 2), after + timedelta(hours=opens))
    for start in starts:
        for minute in range(120):
            close = price * (1 + (minute % 7 - 3) / 10_000)
            at = start + timedelta(minutes=minute)
            bar = Price(price, price * 1.001, price * 0.999, close, volume)
            yield line(symbol, at, bar, at + timedelta(minutes=1))


@pytest.fixture(scope="module")
def dashboard(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with fresh_market(postgres) as market:
        store(market, [each for symbol in (EUR, BTC, SPX, INDIAN) for each in _bars(symbol)])
        with serving(market, tmp_path_factory.mktemp("markets")) as running:
            yield running


def _shows(page: Page, clock: str, newest: str, zone: str, label: str) -> None:
    """Require a clock everywhere where times are told."""
    holds(page, f"() => document.querySelector('#newest td')?.textContent === '{newest}'")
    assert page.is_checked(f"input[value={clock}]")
    assert page.inner_text("#newest-hint") == zone
    assert page.evaluate(LEGEND).startswith(f" {newest} {label}")


def _accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["nodes"]) for one in found if one["impact"] in SERIOUS] == []


SERIOUS = ("serious", "critical")


def test_a_pair_of_currencies(browser: Browser, dashboard: Dashboard) -> None:
    address = f"{dashboard.url}/?symbol=fx:eur/usd&interval=1min&range=all&compare="
    with opened(browser, address, timezone_id="Asia/Tokyo") as (page, _):
        holds(page, "() => window.tapeline.bars().length === 240")
        _shows(page, "exchange", "11-15 18:59", "America/New_York", "EST")
        page.locator("body").press("z")
        _shows(page, "utc", "11-15 23:59", "UTC", "UTC")
        page.locator("body").press("z")
        _shows(page, "mine", "11-16 08:59", "Asia/Tokyo", "GMT+9")
        # From 17:00 on Sunday in New York it is Monday's session; Saturday has none.
        assert page.evaluate(SESSIONS) == [
            "session 2026-11-16, no bars on 2026-11-14 to 2026-11-15"
        ]
        holds(page, "() => document.getElementById('profile-hint').textContent === "
              "'The market tells no volume of FX:EUR/USD.'")  # fmt: skip
        assert page.evaluate(LABEL).startswith("Candles of FX:EUR/USD, 1min;")
        assert "Vol" not in page.evaluate(LEGEND)
        assert page.inner_text("#profile-legend") == ""
        assert page.evaluate("() => window.tapeline.drawn().volume") == []
        assert page.inner_text("#newest tr:first-child td:last-child") == "\N{EN DASH}"
        assert page.inner_text("#newest tr:first-child td:nth-child(5)") == "1.0797"
        _accessible(page)
        keep(page, "fx")
        # Its pane comes with a symbol that has a volume, and goes again.
        page.click(f"[data-symbol='{BTC}']")
        holds(page, "() => window.tapeline.drawn().volume.length === 240")
        assert page.evaluate(LABEL).startswith("Candles and volume of CRYPTO:BTC/USD, 1min;")
        page.click(f"[data-symbol='{EUR}']")
        holds(page, "() => window.tapeline.drawn().volume.length === 0")


def test_a_digital_currency(browser: Browser, dashboard: Dashboard) -> None:
    address = f"{dashboard.url}/?symbol=CRYPTO:BTC/USD&interval=1min&range=all&compare="
    with opened(browser, address, timezone_id="America/New_York") as (page, _):
        holds(page, "() => window.tapeline.bars().length === 240")
        # The exchange's clock is that of UTC.
        _shows(page, "exchange", "11-14 01:59", "UTC", "UTC")
        page.locator("body").press("z")
        _shows(page, "utc", "11-14 01:59", "UTC", "UTC")
        page.locator("body").press("z")
        _shows(page, "mine", "11-13 20:59", "America/New_York", "EST")
        assert page.evaluate(SESSIONS) == ["session 2026-11-14"]
        assert "0.0001" in page.inner_text("#newest tr:first-child td:last-child")
        _accessible(page)
        keep(page, "crypto")


def test_an_index_has_days_alone(browser: Browser, dashboard: Dashboard) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=INDEX:SPX&interval=1min&compare=") as (page, _):
        holds(page, "() => window.tapeline.bars().length === 5")
        assert page.locator("#intervals input").count() == 1
        assert page.inner_text("#newest-hint") == "dates of the exchange"
        assert page.inner_text("#newest tr:first-child td:first-child") == "2026-11-13"
        assert page.evaluate(LABEL).startswith("Candles of INDEX:SPX, 1d;")
        assert page.evaluate("() => window.tapeline.drawn().volume") == []
        keep(page, "index")


def test_a_symbol_with_an_ampersand_has_an_address(browser: Browser, dashboard: Dashboard) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=m%26m.bse&interval=1min") as (page, _):
        titled(page, INDIAN)
        holds(page, "() => window.tapeline.bars().length === 3")
        page.locator("body").press("i")
        holds(page, "() => location.search.includes('symbol=M%26M.BSE')")
        shared = page.url
    with opened(browser, shared) as (page, _):
        titled(page, INDIAN)
