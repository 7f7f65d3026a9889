"""A day stands at its date on the page, wherever the exchange and the browser are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser

from services.common.market.exchanges import zone_of
from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import holds, opened
from tests.integration.dashboard.serving import Dashboard, Price, line, serving, store

SYMBOLS = ("RELIANCE.BSE", "0700.HKG", "TSCO.LON", "PETR4.SAO", "AAPL", "TSCO.XYZ")
DAYS = [date(2026, 11, 2) + timedelta(days=count) for count in range(12) if count % 7 < 5]
NEXT = date(2026, 11, 16)
ZONES = ("America/Los_Angeles", "Asia/Tokyo", "Pacific/Kiritimati")
PRICE = Price(10, 12, 9, 11, 100)
DATES = """() => [...document.querySelectorAll('#newest tr td:first-child')]
    .map(cell => cell.textContent)"""
CHART = """() => window.tapeline.drawn().candles.map(
    candle => new Date(candle.time * 1000).toISOString().slice(0, 16))"""
NEWEST = "([text]) => document.querySelector('#newest tr td')?.textContent === text"


def daily(symbol: str, day: date) -> str:
    """Return a day as the sink stores it: at its midnight on the exchange's clock."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone_of(symbol)))
    text = line(symbol, midnight.astimezone(UTC), PRICE, datetime(2026, 11, 20, tzinfo=UTC))
    fields = text.split("\t")
    fields[fields.index("1min")] = "1d"
    return "\t".join(
        str(day) if len(field) == 10 and field[4] == "-" else field for field in fields
    )


@pytest.fixture(scope="module")
def days(postgres: Postgres) -> Iterator[Market]:
    with fresh_market(postgres) as market:
        store(market, [daily(symbol, day) for symbol in SYMBOLS for day in DAYS])
        yield market


@pytest.fixture(scope="module")
def dashboard(days: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(days, tmp_path_factory.mktemp("dates")) as running:
        yield running


@pytest.mark.parametrize("zone", ZONES)
def test_days_stand_at_their_dates(browser: Browser, dashboard: Dashboard, zone: str) -> None:
    for symbol in SYMBOLS:
        address = f"{dashboard.url}/?symbol={symbol}&interval=1d&range=all"
        with opened(browser, address, timezone_id=zone) as (page, _):
            holds(page, NEWEST, [str(DAYS[-1])])
            assert page.evaluate(DATES) == [str(day) for day in reversed(DAYS)], symbol
            assert page.evaluate(CHART) == [f"{day}T00:00" for day in DAYS], symbol


def test_a_day_that_comes_takes_its_place(
    browser: Browser, dashboard: Dashboard, days: Market
) -> None:
    address = f"{dashboard.url}/?symbol=RELIANCE.BSE&interval=1d&range=1d"
    with opened(browser, address, timezone_id=ZONES[0]) as (page, _):
        holds(page, NEWEST, [str(DAYS[-1])])
        holds(page, "() => document.getElementById('health').textContent.startsWith('Last stored')")
        store(days, [daily("RELIANCE.BSE", NEXT)])
        holds(page, NEWEST, [str(NEXT)])
        assert page.evaluate(DATES).count(str(NEXT)) == 1


def test_the_page_is_told_where_a_symbol_trades(dashboard: Dashboard) -> None:
    told = {one["symbol"]: one for one in dashboard.get("/api/series").json()}
    assert {
        symbol: (one["exchange"], one["time_zone"], one["quote_unit"])
        for symbol, one in told.items()
    } == {
        "RELIANCE.BSE": ("XBOM", "Asia/Kolkata", "INR"),
        "0700.HKG": ("XHKG", "Asia/Hong_Kong", "HKD"),
        "TSCO.LON": ("XLON", "Europe/London", "GBX"),
        "PETR4.SAO": ("BVMF", "America/Sao_Paulo", "BRL"),
        "AAPL": ("XNYS", "America/New_York", "USD"),
        "TSCO.XYZ": (None, "UTC", None),
    }
