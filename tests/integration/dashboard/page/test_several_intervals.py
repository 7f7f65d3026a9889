"""The chart of a symbol that is stored in several intervals shows the candles of `bi`, live too."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from playwright.sync_api import Browser, Page

from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import holds, opened
from tests.integration.dashboard.serving import Dashboard, Price, line, serving, store
from tests.integration.views.price_series import Action, store_actions

# Openings; Wednesday is still traded.
MONDAY, TUESDAY, WEDNESDAY = (datetime(2026, 11, day, 14, 30, tzinfo=UTC) for day in (16, 17, 18))
FULL, SO_FAR = 78, 66
LATER = WEDNESDAY + timedelta(days=1)
ACTIONS = [
    Action("AAPL", "split", TUESDAY.date(), Fraction(10)),
    Action("AAPL", "dividend", WEDNESDAY.date(), amount=Decimal("0.25")),
]
BASES = {
    "as_traded": "bi.candles",
    "split_adjusted": "bi.candles_split_adjusted",
    "total_return": "bi.candles_total_return",
}
WANTED = """
select
    extract(epoch from case when interval = '1d' then session_date::timestamp
        else bar_time_utc end)::float8,
    open::float8, high::float8, low::float8, close::float8, volume::float8, covered_percent,
    rolled_up_from
from {view} where symbol = 'AAPL' and interval = %s order by bar_time
"""
HOURS = """
select
    extract(epoch from bar_time)::float8, open::float8, high::float8, low::float8, close::float8,
    volume::float8, covered_percent, rolled_up_from
from {view} where symbol = 'AAPL' order by bar_time
"""
FROM_OPEN = "60min-from-open"
COLUMNS = ("time", "open", "high", "low", "close", "volume", "covered_percent", "rolled_up_from")
LAST = "() => window.tapeline?.drawn().candles.at(-1)?.close"
LISTED = "() => document.querySelector('#symbols [data-symbol=AAPL] .price')?.textContent"
LEGEND = "() => document.getElementById('legend').textContent"


def bar(at: datetime, interval: str, close: float, seen: datetime, is_final: bool = True) -> str:
    text = line("AAPL", at, Price(close - 1, close + 2, close - 3, close, 600), seen)
    fields = text.split("\t")
    for before, after in (("1min", interval), ("unknown", "raw"), ("true", str(is_final).lower())):
        fields[fields.index(before)] = after
    return "\t".join(fields)


def bars(opens: datetime, interval: str, count: int, price: float) -> Iterator[str]:
    for number in range(count):
        at = opens + number * timedelta(minutes=int(interval.removesuffix("min")))
        yield bar(at, interval, price + number / 4, LATER)


def day(opens: datetime, close: float, seen: datetime, is_final: bool) -> str:
    """Return a day as the vendor gives it: at its midnight in New York."""
    return bar(opens - timedelta(hours=9, minutes=30), "1d", close, seen, is_final)


@pytest.fixture(scope="module")
def several(postgres: Postgres) -> Iterator[Market]:
    """Three minutes beside a full 5min set, on Wednesday with a day that is long out of date."""
    with fresh_market(postgres) as market:
        store(market, [*bars(MONDAY, "5min", FULL, 2000), *bars(MONDAY, "1min", 3, 1900)])
        store(market, [*bars(TUESDAY, "5min", FULL, 200), *bars(TUESDAY, "1min", 3, 190)])
        store(market, [day(TUESDAY, 211, LATER, is_final=True)])
        store(market, [*bars(WEDNESDAY, "5min", SO_FAR, 210), *bars(WEDNESDAY, "1min", 3, 190)])
        early = WEDNESDAY + timedelta(hours=1)
        store(market, [day(WEDNESDAY, 199, early, is_final=False)])
        store_actions(market, ACTIONS)
        yield market


@pytest.fixture(scope="module")
def dashboard(several: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(several, tmp_path_factory.mktemp("intervals")) as running:
        yield running


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("interval", ["5min", "15min", "60min", "1d"])
def test_a_chart_has_the_candles_of_its_basis(
    dashboard: Dashboard, several: Market, interval: str, basis: str
) -> None:
    asked = {"symbol": "AAPL", "interval": interval, "range": "all", "basis": basis}
    shown = dashboard.get("/api/chart", **asked).json()
    wanted = several.rows(WANTED.format(view=BASES[basis]), (interval,))
    assert list(zip(*(shown[name] for name in COLUMNS), strict=True)) == wanted
    assert len(wanted) == {"5min": 222, "15min": 74, "60min": 20, "1d": 3}[interval]


@pytest.mark.parametrize("basis", BASES)
def test_hours_from_the_opening_are_those_of_their_view(
    dashboard: Dashboard, several: Market, basis: str
) -> None:
    asked = {"symbol": "AAPL", "interval": FROM_OPEN, "range": "all", "basis": basis}
    shown = dashboard.get("/api/chart", **asked).json()
    view = BASES[basis].replace("candles", "candles_60min_from_open")
    wanted = several.rows(HOURS.format(view=view))
    assert list(zip(*(shown[name] for name in COLUMNS), strict=True)) == wanted
    starts = [datetime.fromtimestamp(at, UTC).time().isoformat()[:5] for at in shown["time"]]
    assert starts == [f"{hour}:30" for day in range(3) for hour in range(14, 21 if day < 2 else 20)]


def shows(page: Page, last: float, listed: str, *told: str) -> None:
    """Wait until the last candle closes so, the list has the price, and the legend tells it."""
    holds(page, f"wanted => ({LAST})() === wanted", last)
    holds(page, f"wanted => ({LISTED})() === wanted", listed)
    for text in told:
        holds(page, f"wanted => ({LEGEND})().includes(wanted)", text)


def test_chart_list_and_quote_agree_as_bars_come(
    browser: Browser, dashboard: Dashboard, several: Market
) -> None:
    address = f"{dashboard.url}/?symbol=AAPL&range=5d&interval="
    quoted = "select price from bi.latest_quote where symbol = 'AAPL'"
    with (
        opened(browser, f"{address}1d") as (days, _),
        opened(browser, f"{address}60min") as (hours, _),
    ):
        newest = 210 + (SO_FAR - 1) / 4
        assert several.rows(quoted) == [(Decimal(str(newest)),)]
        shows(days, newest, "226.25", "Covered 84 % by 5min bars")
        shows(hours, newest, "226.25")
        assert "Partly rolled up from 5min bars" in days.inner_text("#chart-state")
        assert "Rolled up from 5min bars" in hours.inner_text("#chart-state")
        for page in (days, hours):
            holds(page, "() => document.getElementById('connection').dataset.state === 'live'")

        at = WEDNESDAY + SO_FAR * timedelta(minutes=5)
        store(several, [bar(at, "5min", 227.5, LATER)])
        shows(days, 227.5, "227.50", "Covered 85 % by 5min bars")
        shows(hours, 227.5, "227.50", "Covered 8 % by 5min bars")

        # The vendor's own day is the official one as soon as it is final.
        store(several, [day(WEDNESDAY, 228.25, LATER, is_final=True)])
        shows(days, 228.25, "228.25")
        assert "Covered" not in days.inner_text("#legend")
        assert several.rows(quoted) == [(Decimal("228.25"),)]
        holds(hours, f"wanted => ({LISTED})() === wanted", "228.25")
        followed = [page.evaluate("() => window.tapeline.bars()") for page in (days, hours)]
        for page, known in zip((days, hours), followed, strict=True):
            page.reload()
            holds(page, "() => window.tapeline?.bars().length > 0")
            assert page.evaluate("() => window.tapeline.bars()") == known


def test_the_page_follows_hours_from_the_opening(
    browser: Browser, dashboard: Dashboard, several: Market
) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=60min&range=5d") as (page, _):
        page.get_by_label("60min from open", exact=True).check()
        holds(page, "() => window.tapeline.bars().length === 20")
        assert "interval=60min-from-open" in page.url
        holds(page, "() => document.getElementById('connection').dataset.state === 'live'")
        rows = several.rows(HOURS.format(view="bi.candles_60min_from_open_split_adjusted"))
        *_, (begins, _, _, _, close, *_) = rows
        holds(page, f"wanted => ({LAST})() === wanted", close)
        state = page.inner_text("#chart-state")
        assert state.endswith("Rolled up from 5min bars, regular hours alone.")

        # One after hours, which is in no candle, and one of the hour that is shown.
        hour = datetime.fromtimestamp(begins, UTC)
        store(several, [bar(WEDNESDAY + timedelta(hours=7), "5min", 240, LATER)])
        store(several, [bar(hour + timedelta(minutes=55), "5min", 230.5, LATER)])
        holds(page, f"wanted => ({LAST})() === wanted", 230.5)
        known = page.evaluate("() => window.tapeline.bars()")
        page.reload()
        holds(page, "() => window.tapeline?.bars().length > 0")
        assert page.evaluate("() => window.tapeline.bars()") == known
