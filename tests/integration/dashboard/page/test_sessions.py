"""Ranges in sessions, clocks, and what lies between the bars, on a page over a known calendar.

AAPL has bars of half hours from Friday 7 November 2025 to Monday the 17th. It lacks Wednesday the
12th, which MSFT has, and one bar of Friday the 14th; its listing is from the 12th.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page

from tests.fixtures.market import Market, fresh_market
from tests.fixtures.servers import Postgres
from tests.integration.dashboard.page.browsing import holds, opened
from tests.integration.dashboard.page.shown import WRITTEN
from tests.integration.dashboard.serving import Dashboard, Price, line, serving, store

NEW_YORK = ZoneInfo("America/New_York")
SESSIONS = [date(2025, 11, day) for day in (7, 10, 11, 12, 13, 14, 17)]
SLOTS = [timedelta(hours=9.5) + timedelta(minutes=30 * slot) for slot in range(13)]
SEEN = datetime(2025, 11, 18, tzinfo=NEW_YORK)
LISTED = """
insert into market.listings (symbol, name, exchange, listed_on)
values ('AAPL', 'Another Holder', 'NYSE', '2025-11-12')
"""
LEGEND = "() => document.getElementById('legend').textContent"


def instant(day: date, at: timedelta) -> datetime:
    return datetime.combine(day, time(), NEW_YORK) + at


def closes(symbol: str, day: date, slot: int) -> float:
    first = {"AAPL": 100.0, "MSFT": 400.0, "TSLA": 50.0, "XYZ.FOO": 10.0}[symbol]
    return first + SESSIONS.index(day) + slot / 10 + (slot % 3 if symbol == "MSFT" else 0)


def bar(symbol: str, day: date, slot: int) -> str:
    close = closes(symbol, day, slot)
    price = Price(close - 0.25, close + 1, close - 1, close, 1000 + slot)
    text = line(symbol, instant(day, SLOTS[slot]).astimezone(ZoneInfo("UTC")), price, SEEN)
    return text.replace("1min", "30min")


def is_stored(symbol: str, day: date, slot: int) -> bool:
    if symbol == "AAPL":
        return day != date(2025, 11, 12) and (day, slot) != (date(2025, 11, 14), 3)
    return symbol != "TSLA" or day >= date(2025, 11, 13)


@pytest.fixture(scope="module")
def market(postgres: Postgres) -> Iterator[Market]:
    with fresh_market(postgres) as made:
        store(
            made,
            [
                bar(symbol, day, slot)
                for symbol in ("AAPL", "MSFT", "TSLA", "XYZ.FOO")
                for day in SESSIONS
                for slot in range(13)
                if is_stored(symbol, day, slot)
            ],
        )
        made.run(LISTED)
        yield made


@pytest.fixture(scope="module")
def dashboard(market: Market, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    with serving(market, tmp_path_factory.mktemp("sessions")) as running:
        yield running


def shows(page: Page, first: datetime, last: datetime) -> None:
    """Wait until its bars are those from one to another, and they fill the chart."""
    holds(
        page,
        "([first, last]) => { const bars = window.tapeline.bars();"
        " return bars.at(0)?.time === first && bars.at(-1).time === last; }",
        [first.timestamp(), last.timestamp()],
    )


def cell(page: Page, text: str) -> None:
    holds(page, "text => document.querySelector('#newest td')?.textContent === text", text)


def test_a_range_is_of_sessions_and_what_they_lack_is_marked(
    browser: Browser, dashboard: Dashboard
) -> None:
    newest = instant(SESSIONS[-1], SLOTS[-1])
    with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=30min&range=5d") as (page, _):
        # The five sessions of the calendar, one of which is missing: in days it would be the 13th.
        shows(page, instant(SESSIONS[2], SLOTS[0]), newest)
        holds(page, "() => document.getElementById('gaps').textContent !== ''")
        assert page.inner_text("#gaps") == (
            "Regular hours lack 30min bars: 1 no trade, 13 missing. From 2025-11-13 on AAPL may be "
            "another instrument than before (listed anew)."
        )
        at = {(day, slot): instant(day, SLOTS[slot]).timestamp() for day in SESSIONS
              for slot in range(13)}  # fmt: skip
        tuesday, thursday, friday, monday = (SESSIONS[place] for place in (2, 4, 5, 6))
        divided = [
            (one["kind"], one["before"], one["after"], one["text"])
            for one in page.evaluate("() => window.tapeline.divided()")
        ]
        assert sorted(divided) == sorted(
            [
                ("closed", at[tuesday, 12], at[thursday, 0],
                 "session 2025-11-13, no bars on 2025-11-12"),
                ("missing", at[tuesday, 12], at[thursday, 0],
                 "13 without a bar, 11-12 09:30 to 11-12 16:00: missing"),
                ("session", at[thursday, 12], at[friday, 0], "session 2025-11-14"),
                ("no_trade", at[friday, 2], at[friday, 4],
                 "1 without a bar, 11-14 11:00 to 11-14 11:30: no trade"),
                ("closed", at[friday, 12], at[monday, 0],
                 "session 2025-11-17, no bars on 2025-11-15 to 2025-11-16"),
            ]
        )  # fmt: skip
        page.locator("body").press("R")
        shows(page, instant(SESSIONS[-1], SLOTS[0]), newest)
        # A range begins at a trade date on each interval; rolled up, and of days.
        page.goto(f"{dashboard.url}/?symbol=AAPL&interval=60min&range=5d")
        holds(page, "() => window.tapeline.bars().length > 0")
        first = page.evaluate("() => window.tapeline.bars()[0].time")
        assert at[tuesday, 0] - 1800 <= first <= at[tuesday, 0]
        assert "Rolled up from 30min bars" in page.inner_text("#chart-state")
        page.goto(f"{dashboard.url}/?symbol=AAPL&interval=1d&range=5d")
        cell(page, "2025-11-17")
        dates = page.locator("#newest td:first-child").all_inner_texts()
        assert dates == ["2025-11-17", "2025-11-14", "2025-11-13", "2025-11-11"]
        holds(page, "() => document.getElementById('gaps').textContent.includes('13 missing')")


def test_sessions_without_a_calendar_are_those_stored(dashboard: Dashboard) -> None:
    asked = {"symbol": "XYZ.FOO", "interval": "30min"}
    for name, first in (("1d", SESSIONS[-1]), ("5d", SESSIONS[-5]), ("all", SESSIONS[0])):
        times = dashboard.get("/api/chart", **asked, range=name).json()["time"]
        assert times[0] == instant(first, SLOTS[0]).timestamp(), name


def test_times_are_of_the_clock_that_is_chosen(browser: Browser, dashboard: Dashboard) -> None:
    address = f"{dashboard.url}/?symbol=AAPL&interval=30min&range=1d"
    newest = instant(SESSIONS[-1], SLOTS[-1]).timestamp()
    clocks = {
        "exchange": ("America/New_York", "11-17 15:30", "EST"),
        "utc": ("UTC", "11-17 20:30", "UTC"),
        "mine": ("Asia/Tokyo", "11-18 05:30", "GMT+9"),
    }
    with opened(browser, address, script=WRITTEN, timezone_id="Asia/Tokyo") as (page, _):
        for clock, (zone, text, label) in clocks.items():
            cell(page, text)
            assert page.is_checked(f"input[value={clock}]")
            assert page.evaluate(LEGEND).startswith(f" {text} {label}")
            assert page.inner_text("#newest-hint") == zone
            holds(page, "zone => document.getElementById('events-hint').textContent.endsWith(zone)",
                  zone)  # fmt: skip
            holds(page, "text => document.getElementById('health').textContent.includes(text)",
                  f"{text} {label}")  # fmt: skip
            assert page.evaluate("at => window.tapeline.axis(at, 3)", newest) == text[6:]
            # What the chart writes at its axis below the pointer is what its legend says.
            page.evaluate("() => { window.written = []; }")
            box: Any = page.locator("#chart").bounding_box()
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 3)
            holds(
                page,
                "() => { const at = document.getElementById('legend').textContent.trim()"
                ".slice(0, 11); return window.written.some(([box, text]) => box === 'chart'"
                " && text === at); }",
            )
            page.mouse.move(0, 0)
            if clock == "mine":
                break
            page.locator("body").press("z")
        # It stays chosen in this browser, and a day has its date on every clock.
        page.goto(f"{dashboard.url}/?symbol=AAPL&interval=1d&range=5d")
        cell(page, "2025-11-17")
        assert page.is_checked("input[value=mine]")
        assert page.evaluate(LEGEND).startswith(" 2025-11-17 ")
        assert page.inner_text("#newest-hint") == "dates of the exchange"


def test_every_chart_tells_what_is_below_the_pointer(
    browser: Browser, dashboard: Dashboard
) -> None:
    with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=30min&range=all") as (page, _):
        holds(page, "() => window.tapeline.bars().length > 20")
        holds(page, "() => window.tapeline.divided().some(one => one.kind === 'no_trade')")

        def told(chart: str, legend: str, share: float) -> str:
            page.locator(f"#{chart}").scroll_into_view_if_needed()
            box: Any = page.locator(f"#{chart}").bounding_box()
            page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] / 3)
            return page.inner_text(f"#{legend}")

        found = [told("chart", "legend", share / 400) for share in range(150, 370)]
        for wanted in ("Upper", "Mean", "Lower", "session 2025-11-14", "11:00 to 11-14 11:30"):
            assert any(wanted in text for text in found), (wanted, found[:3])
        marked = page.evaluate("() => window.tapeline.marked().length")
        assert bool(marked) == any("band" in text or "jump" in text for text in found)
        assert "AAPL" in (text := told("compare", "compare-legend", 0.3))
        assert "MSFT" in text
        assert "Volatility 0." in told("volatility", "volatility-legend", 0.6)
        assert "Volume 1," in told("profile", "profile-legend", 0.4)


def test_comparison_begins_at_one_moment(browser: Browser, dashboard: Dashboard) -> None:
    def lines(interval: str, compare: str, wanted: int) -> dict[str, float]:
        page.goto(
            f"{dashboard.url}/?symbol=AAPL&interval={interval}&range=5d&compare={compare}"
        )  # fmt: skip
        holds(
            page, "n => Object.keys(window.tapeline?.drawn().compared ?? {}).length === n", wanted
        )
        compared = page.evaluate("() => window.tapeline.drawn().compared")
        return {symbol: points[-1]["value"] for symbol, points in compared.items()}

    opens = {symbol: closes(symbol, SESSIONS[2], 0) - 0.25 for symbol in ("AAPL", "MSFT")}
    wanted = {
        symbol: pytest.approx(100 * closes(symbol, SESSIONS[-1], 12) / first)
        for symbol, first in opens.items()
    }
    with opened(browser, f"{dashboard.url}/?symbol=AAPL&interval=30min") as (page, _):
        for interval, moment in (
            ("30min", "11-11 09:30 EST"), ("60min", "11-11 09:30 EST"), ("1d", "2025-11-11")
        ):  # fmt: skip
            assert lines(interval, "MSFT", 2) == wanted, interval
            assert page.inner_text("#compare-hint") == f"{moment} = 100"
            assert page.inner_text("#compare-state") == ""
        # One that began later moves nothing, and has no price then.
        assert lines("30min", "MSFT,TSLA", 2) == wanted
        assert page.inner_text("#compare-hint") == "11-11 09:30 EST = 100"
        assert page.inner_text("#compare-state") == "No price at 11-11 09:30 EST: TSLA."
        assert lines("30min", "", 1) == {"AAPL": wanted["AAPL"]}
        assert page.inner_text("#compare-state") == "No other symbol is compared."
