"""What an open page shows, and bars for it."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page

from tests.integration.dashboard.page.browsing import holds
from tests.integration.dashboard.serving import NEXT, Price, line

WRITTEN = """
    window.written = [];
    const write = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
        window.written.push([this.canvas.closest(".chart").id, text]);
        return write.call(this, text, ...place);
    };
"""


def keep(page: Page, name: str, full: bool = False) -> None:
    if folder := os.environ.get("SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=full)


def bar(minute: int, close: float, seen: int = 0, symbol: str = "AAPL") -> str:
    price = Price(close, close + 0.2, close - 0.2, close, 4000)
    at = NEXT + timedelta(minutes=minute)
    return line(symbol, at, price, NEXT + timedelta(days=1, seconds=seen))


def at(minute: int) -> float:
    return (NEXT + timedelta(minutes=minute)).timestamp()


def shows(page: Page, time: float, close: float) -> None:
    holds(
        page,
        "([time, close]) => window.tapeline.bars().some(b => b.time === time && b.close === close)",
        arg=[time, close],
    )


def titled(page: Page, text: str) -> None:
    holds(page, "text => document.getElementById('title').textContent.includes(text)", arg=text)
