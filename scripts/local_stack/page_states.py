"""Pictures of each page and state of the dashboard: a running one goes in, PNG files come out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # Only the tests' packages have it.
    from playwright.sync_api import Browser, Page, Route

_LIGHT: Final = {"color_scheme": "light", "viewport": {"width": 1360, "height": 1090}}
_DARK: Final = {**_LIGHT, "color_scheme": "dark"}
_PHONE: Final = {**_DARK, "viewport": {"width": 390, "height": 844}}
_PAGE_MS: Final = 60_000
_COLUMNS: Final = ("time", "open", "high", "low", "close", "volume")
_DERIVED: Final = ("upper", "middle", "lower", "volatility")

_DIVIDED: Final = """() => window.tapeline?.divided().length > 0
    && document.querySelectorAll("#events li").length > 0"""
_SHOWN: Final = """() => document.querySelectorAll("#events li").length > 0"""
_TOLD: Final = """() => document.getElementById("chart-state").textContent !== ""
    && document.querySelectorAll("#events li").length > 0"""
_LOST: Final = """() => document.getElementById("connection").dataset.state === "away"
    && !document.getElementById("events-hint").textContent.startsWith("loading")"""
_AWAY: Final = """() => document.getElementById("connection").dataset.state === "away" """
_EMPTY: Final = """() => !document.getElementById("empty").hidden"""
_TABLES: Final = """() => document.querySelectorAll("#tables tr").length > 10"""
_LISTED: Final = """() => document.querySelectorAll("#rules td").length > 0
    && document.querySelectorAll("#alerts td").length > 0"""
_DRAWN: Final = """() => document.querySelectorAll("#charts .legend b").length > 5"""

# A picture of a whole page has its foot at its end.
_NOT_STICKY: Final = ".strip { position: static !important }"


@dataclass(frozen=True)
class State:
    """A page at an address, what it has become when it is `ready`, and what was done to it."""

    name: str
    path: str
    options: dict[str, Any]
    ready: str = _SHOWN
    answers: tuple[tuple[str, Callable[[Route], None]], ...] = ()
    then: Callable[[Page], None] | None = None


def _changed(names: tuple[str, ...], value: Callable[[int], list[None]]) -> Callable[[Route], None]:
    """Answer with a chart whose columns of these names are others."""

    def answer(route: Route) -> None:
        response = route.fetch()
        chart = response.json()
        count = len(chart["time"])
        route.fulfill(response=response, json={**chart, **{name: value(count) for name in names}})

    return answer


def _hover(page: Page) -> None:
    box: Any = page.locator("#chart").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def _away(route: Route) -> None:
    route.fulfill(status=503, json={"detail": "the database is away; this resumes by itself"})


def _nothing(route: Route) -> None:
    route.fulfill(json=[])


def _lost(route: Route) -> None:
    route.abort()


# Else bars would come into what has none.
_NO_STREAM: Final = ("**/api/stream*", _lost)
_AAPL: Final = "?symbol=AAPL&interval=1min"
_NO_BARS: Final = _changed((*_COLUMNS, *_DERIVED), lambda _: [])
_NO_INDICATORS: Final = _changed(_DERIVED, lambda count: [None] * count)

STATES: Final = (
    State("live-light", f"{_AAPL}&range=1d", _LIGHT),
    State("live-dark", f"{_AAPL}&range=5d", _DARK, _DIVIDED),
    State("hover", f"{_AAPL}&range=1d", _DARK, then=_hover),
    State("rolled-up", "?symbol=TSLA&interval=60min&range=5d&clock=utc", _LIGHT, _DIVIDED),
    State("from-open", "?symbol=TSLA&interval=60min-from-open&range=5d", _DARK, _DIVIDED),
    State("daily", "?symbol=AAPL&interval=1d&range=all&basis=total_return", _DARK, _DIVIDED),
    State("forex", "?symbol=FX:EUR/USD&interval=1min&range=5d", _DARK, _DIVIDED),
    State("forex-hours", "?symbol=FX:EUR/USD&interval=60min&range=5d&clock=utc", _LIGHT, _DIVIDED),
    State("crypto", "?symbol=CRYPTO:BTC/USD&interval=1min&range=5d", _LIGHT, _DIVIDED),
    State("crypto-phone", "?symbol=CRYPTO:BTC/USD&interval=5min&range=1d", _PHONE),
    State("my-time", f"{_AAPL}&range=1d&clock=mine", {**_LIGHT, "timezone_id": "Asia/Tokyo"}),
    State("without-layers", f"{_AAPL}&range=1d&bands=off&markers=off", _LIGHT),
    State("no-comparison", f"{_AAPL}&range=1d&compare=", _LIGHT),
    State("unknown-symbol", "?symbol=NONE", _LIGHT),
    State("phone", f"{_AAPL}&range=1d", _PHONE),
    State("keys", _AAPL, _DARK, then=lambda page: page.locator("body").press("?")),
    State("no-symbols", "", _LIGHT, _EMPTY, (("**/api/series*", _nothing),)),
    State("no-bars", _AAPL, _LIGHT, _TOLD, (("**/api/chart*", _NO_BARS), _NO_STREAM)),
    State(
        *("no-indicators", _AAPL, _LIGHT, _TOLD),
        (("**/api/chart*", _NO_INDICATORS), _NO_STREAM),
    ),
    State("no-stream", _AAPL, _DARK, _LOST, (_NO_STREAM,)),
    State("database-away", "", _DARK, _AWAY, (("**/api/series*", _away),)),
    State("pipeline-light", "pipeline.html", _LIGHT, _DRAWN),
    State("pipeline-phone", "pipeline.html", _PHONE, _DRAWN),
    State("alerts-light", "alerts.html", _LIGHT, _LISTED),
    State("alerts-phone", "alerts.html", _PHONE, _LISTED),
    State("data-light", "data.html", _LIGHT, _TABLES),
    State("data-phone", "data.html", _PHONE, _TABLES),
)


def draw_states(browser: Browser, address: str, folder: Path) -> None:
    """Write a picture of each state into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for state in STATES:
        context = browser.new_context(**state.options)
        page = context.new_page()
        for address_pattern, answer in state.answers:
            page.route(address_pattern, answer)
        page.goto(address + state.path)
        page.wait_for_function(state.ready, polling=100, timeout=_PAGE_MS)
        if state.then:
            state.then(page)
        page.screenshot(
            path=folder / f"{state.name}.png", full_page=state.then is None, style=_NOT_STICKY
        )
        context.close()
