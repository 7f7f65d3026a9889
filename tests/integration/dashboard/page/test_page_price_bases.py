"""The page on each price basis: a share that splits and pays, beside its twin that does not.

The twin's prices are those of the share after its split, so that the two agree on the
split-adjusted basis. The browser's clock is not UTC.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import holds, opened
from tests.integration.dashboard.page.shown import keep
from tests.integration.dashboard.serving import Dashboard, Price, derive, line, serving, store
from tests.integration.views.price_series import Action, Traded, store_actions, store_bars

DAYS = (date(2025, 11, 4), date(2025, 11, 5), date(2025, 11, 6), date(2025, 11, 7))
SPLIT_DAY, DIVIDEND_DAY = DAYS[2:]
NEXT_DAY = date(2025, 11, 10)
BARS = 30
ACTIONS = [
    Action("SPLT", "split", SPLIT_DAY, Fraction(10)),
    Action("SPLT", "dividend", DIVIDEND_DAY, amount=Decimal("0.24")),
]
CANDLES = "() => window.tapeline.drawn().candles.map(c => [c.time, c.open, c.high, c.low, c.close])"
# Of splits and dividends; other shapes are anomalies and signals.
MARKS = "() => window.tapeline.marked().filter(mark => mark.shape === 'square')"
COMPARED = "() => window.tapeline.drawn().compared"
COLUMNS = (
    *("time", "open", "high", "low", "close", "volume"),
    *("upper", "middle", "lower", "volatility"),
)


def price(day: int, minute: int) -> Decimal:
    return Decimal(12) + day + Decimal(minute % 7) / 8


def bars(until: date) -> Iterator[Traded]:
    for number, day in enumerate(DAYS):
        if day > until:
            return
        before = 10 if day < SPLIT_DAY else 1
        for minute in range(0, 5 * BARS, 5):
            start = datetime(day.year, day.month, day.day, 9, 30) + timedelta(minutes=minute)  # noqa: DTZ001
            of = price(number, minute // 5)
            yield Traded("TWIN", start, of, 1000 + 10 * minute, "5min")
            yield Traded("SPLT", start, of * before, (1000 + 10 * minute) // before, "5min")


def opening(day: date) -> float:
    return datetime(day.year, day.month, day.day, 14, 30, tzinfo=UTC).timestamp()


def shows_close(page: Page, place: int, close: float) -> None:
    holds(
        page,
        "([place, close]) => window.tapeline.drawn().candles.at(place)?.close === close",
        [place, close],
    )


@pytest.fixture(scope="module")
def twins(postgres: Postgres) -> Iterator[Market]:
    with fresh_market(postgres) as market:
        store_bars(market, bars(DIVIDEND_DAY))
        store_actions(market, ACTIONS)
        derive(market)
        yield market


@pytest.fixture(scope="module")
def dashboard(twins: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(twins, tmp_path_factory.mktemp("bases")) as running:
        yield running


def chart(dashboard: Dashboard, symbol: str, **query: str) -> Any:
    answer = dashboard.get("/api/chart", symbol=symbol, range="all", **query)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("interval", ["5min", "15min", "1d"])
def test_a_split_adjusted_chart_is_that_of_the_twin(dashboard: Dashboard, interval: str) -> None:
    share = chart(dashboard, "SPLT", interval=interval, basis="split_adjusted")
    twin = chart(dashboard, "TWIN", interval=interval)
    for name in COLUMNS:
        for mine, other in zip(share[name], twin[name], strict=True):
            assert mine == (other if other is None else pytest.approx(other, rel=1e-9)), name
    assert twin["actions"] == []
    told = [(one["kind"], one["ex_date"]) for one in share["actions"]]
    assert told == [("split", "2025-11-06"), ("dividend", "2025-11-07")]


@pytest.mark.parametrize("interval", ["5min", "15min"])
def test_bands_as_traded_do_not_jump_at_a_split(dashboard: Dashboard, interval: str) -> None:
    share = chart(dashboard, "SPLT", interval=interval, basis="as_traded")
    twin = chart(dashboard, "TWIN", interval=interval)
    ratio = [mine / other for mine, other in zip(share["close"], twin["close"], strict=True)]
    assert {round(one) for one in ratio} == {1, 10}
    for name in ("upper", "middle", "lower"):
        wanted = [
            None if band is None else pytest.approx(band * times)
            for band, times in zip(twin[name], ratio, strict=True)
        ]
        assert share[name] == wanted, name
    assert share["volatility"] == [
        None if one is None else pytest.approx(one, abs=1e-9) for one in twin["volatility"]
    ]


def test_the_basis_is_chosen_and_stands_in_the_address(
    browser: Browser, dashboard: Dashboard
) -> None:
    address = f"{dashboard.url}/?symbol=SPLT&interval=5min&range=all&compare=TWIN"
    first, last = float(price(0, 0)), float(price(3, BARS - 1))
    paid = 1 - 0.24 / float(price(2, BARS - 1))
    with opened(browser, address, timezone_id="Asia/Tokyo") as (page, _):
        shows_close(page, 0, first)
        assert "basis=split_adjusted" in page.url
        assert page.get_by_label("Split-adjusted").is_checked()
        compared = page.evaluate(COMPARED)
        assert compared["SPLT"] == compared["TWIN"]
        page.get_by_label("Split-adjusted").press("ArrowLeft")
        shows_close(page, 0, 10 * first)
        shows_close(page, -1, last)
        assert "basis=as_traded" in page.url
        # What is compared, and what a day has changed, jumps on no basis.
        assert page.evaluate(COMPARED) == compared
        page.get_by_label("Total return").check()
        holds(page, "() => location.search.includes('basis=total_return')")
        holds(
            page,
            "([wanted]) => Math.abs(window.tapeline.drawn().candles[0].close - wanted) < 1e-9",
            [first * paid],
        )
        shared = page.url
        page.go_back()
        shows_close(page, 0, 10 * first)
    with opened(browser, shared, timezone_id="Asia/Tokyo") as (page, _):
        holds(page, "() => window.tapeline.bars().length > 0")
        assert page.get_by_label("Total return").is_checked()
        page.locator("body").press("P")
        shows_close(page, 0, first)


def test_a_split_is_no_change_since_the_day_before(
    browser: Browser, postgres: Postgres, tmp_path: Path
) -> None:
    with fresh_market(postgres) as market, serving(market, tmp_path) as dashboard:
        store_bars(market, bars(SPLIT_DAY))
        store_actions(market, ACTIONS)
        with opened(browser, f"{dashboard.url}/?symbol=SPLT&interval=5min") as (page, _):
            for symbol in ("SPLT", "TWIN"):
                change = f"#symbols [data-symbol={symbol}] .change"
                holds(page, "one => document.querySelector(one)?.textContent", change)
                now, before = price(2, BARS - 1), price(1, BARS - 1)
                assert page.inner_text(change) == f"+{100 * (now / before - 1):.2f} %", symbol
        rows = market.rows(
            "select symbol, previous_close, change from bi.latest_quote order by symbol"
        )
        assert rows == [(symbol, before, now - before) for symbol in ("SPLT", "TWIN")]
        rows = market.rows(
            "select symbol, previous_close, change_percent from bi.session_statistics "
            "where session_date = %s order by symbol",
            (SPLIT_DAY,),
        )
        moved = pytest.approx(float(100 * (now / before - 1)))
        assert rows == [(symbol, before, moved) for symbol in ("SPLT", "TWIN")]


@pytest.mark.parametrize("width", [1400, 390])
def test_splits_and_dividends_are_marked(
    browser: Browser, dashboard: Dashboard, width: int
) -> None:
    address = f"{dashboard.url}/?symbol=SPLT&interval=5min&range=all"
    options: dict[str, Any] = {"viewport": {"width": width, "height": 900}}
    with opened(browser, address, timezone_id="Asia/Tokyo", **options) as (page, _):
        holds(page, "() => document.querySelectorAll('#actions li').length > 0")
        assert page.locator("#actions li").all_inner_texts() == [
            "2025-11-07Dividend 0.24",
            "2025-11-06Split 10:1",
        ]
        assert [(one["time"], one["text"]) for one in page.evaluate(MARKS)] == [
            (opening(SPLIT_DAY), "S"),
            (opening(DIVIDEND_DAY), "D"),
        ]
        found = Axe().run(page).response["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert [(one["id"], one["nodes"]) for one in serious] == []
        assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0
        keep(page, f"splits-{width}", full=width < 700)
        hovered: set[str] = set()
        box = page.locator("#chart").bounding_box()
        assert box is not None
        for x in range(5, int(box["width"]) - 60, width // 390):
            page.mouse.move(box["x"] + x, box["y"] + 100)
            hovered |= {note.strip() for note in page.inner_text("#legend").split("·")[1:]}
        notes = {note for note in hovered if note.startswith(("Split", "Dividend"))}
        assert notes == {"Split 10:1", "Dividend 0.24"}


def test_a_day_has_the_marks_of_its_date(browser: Browser, dashboard: Dashboard) -> None:
    address = f"{dashboard.url}/?symbol=SPLT&interval=1d&range=all"
    with opened(browser, address, timezone_id="America/Los_Angeles") as (page, _):
        holds(page, "() => document.getElementById('legend').textContent.includes('Dividend 0.24')")
        times = [datetime.fromtimestamp(one["time"], UTC) for one in page.evaluate(MARKS)]
        assert [f"{time:%Y-%m-%dT%H:%M}" for time in times] == [
            "2025-11-06T00:00",
            "2025-11-07T00:00",
        ]


@pytest.mark.parametrize("interval", ["5min", "15min"])
def test_a_split_that_comes_into_force_redraws_an_open_page(
    browser: Browser, postgres: Postgres, tmp_path: Path, interval: str
) -> None:
    def traded(minute: int, close: float) -> str:
        start = datetime.fromtimestamp(opening(SPLIT_DAY), UTC) + timedelta(minutes=minute)
        bar = line("SPLT", start, Price(close, close, close, close, 500), start)
        return bar.replace("1min", "5min").replace("unknown", "raw")

    view = f"?symbol=SPLT&interval={interval}&range=all&compare=TWIN"
    with fresh_market(postgres) as market, serving(market, tmp_path) as dashboard:
        store_bars(market, bars(DAYS[1]))
        store_actions(market, ACTIONS)
        with opened(browser, f"{dashboard.url}/{view}", timezone_id="Asia/Tokyo") as (page, _):
            shows_close(page, 0, 10 * chart(dashboard, "TWIN", interval=interval)["close"][0])
            holds(page, "() => document.getElementById('connection').dataset.state === 'live'")
            assert page.evaluate(MARKS) == []
            store(market, [traded(0, 14.5), traded(5, 14.75)])
            shows_close(page, 0, chart(dashboard, "TWIN", interval=interval)["close"][0])
            holds(page, f"() => ({MARKS})().length === 1")
            holds(page, "() => document.getElementById('connection').dataset.state === 'live'")
            # From then on it follows: new bars, and what is corrected before the split.
            store(market, [traded(10, 15.0), traded(15, 15.25)])
            early = datetime.fromtimestamp(opening(DAYS[1]), UTC)
            late = line("SPLT", early, Price(130, 140, 120, 135, 70), early + timedelta(days=9))
            store(market, [late.replace("1min", "5min").replace("unknown", "raw")])
            shows_close(page, -1, 15.25)
            holds(page, "() => window.tapeline.bars().some(bar => bar.high === 14)")
            # With it the price that comparison begins with is another, which follows after a while.
            base = dashboard.get("/api/base", symbol=["SPLT", "TWIN"], range="all").json()
            holds(
                page,
                "([base]) => window.tapeline.base().prices.SPLT === base",
                [base["prices"]["SPLT"]],
            )
            followed = page.evaluate("() => window.tapeline.drawn()")
        with opened(browser, f"{dashboard.url}/{view}") as (page, _):
            shows_close(page, -1, 15.25)
            loaded = page.evaluate("() => window.tapeline.drawn()")
        for name in ("candles", "volume", "upper", "middle", "lower", "volatility", "compared"):
            assert followed[name] == loaded[name], name
