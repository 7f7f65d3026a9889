"""Writes pictures of the dashboard: the demo on a simulated market goes in, PNG files come out.

The picture in the README is made by this, so that it shows the page as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.installation.chromium import require_chromium
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import ROOT
from scripts.launcher.progress import say
from scripts.local_stack.page_states import draw_states
from scripts.local_stack.servers import processes

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_SYMBOLS = "AAPL,MSFT,NVDA,TSLA"
_OTHER_MARKETS = "FX:EUR/USD,CRYPTO:BTC/USD"
_VIEW = "?symbol=AAPL&interval=1min&range=1d&compare=MSFT,NVDA"
_WIDTH, _HEIGHT = 1360, 1090
_START_SECONDS = 300.0
_PAGE_MS = 120_000
_STOP_SECONDS = 30.0
_BARS = 2_000
# It is live, and what is computed of the bars stands beside them.
_IS_COMPLETE = """() => document.getElementById("connection").dataset.state === "live"
    && document.querySelectorAll("#newest tr").length > 5
    && document.querySelectorAll("#events li").length > 0"""


@dataclass(frozen=True)
class Options:
    """What the command line asks for."""

    out: Path
    states: Path | None
    seconds: float


def parse(arguments: Sequence[str]) -> Options:
    """Return the options; ends the program where they are wrong."""
    parser = argparse.ArgumentParser(
        prog="scripts/screenshot",
        description="Run the demo on a simulated market and write a picture of its live page, in "
        "its light theme, as Chromium draws it; or one of each page and state.",
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "dashboard.png", metavar="FILE",
        help="the PNG file (default: docs/dashboard.png)",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", type=float, default=150.0, metavar="N",
        help="how long the market goes on before, a minute a second (default: 150)",
    )  # fmt: skip
    parser.add_argument(
        "--states", type=Path, metavar="FOLDER",
        help="write a picture of each page and state into this folder, in place of the one",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    return Options(given.out, given.states, given.seconds)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    options = parse(sys.argv[1:] if arguments is None else arguments)
    try:
        with tempfile.TemporaryDirectory() as name:
            directory = Path(name)
            directory.chmod(0o711)  # PostgreSQL runs as another user where root runs this
            symbols = _SYMBOLS if options.states is None else f"{_SYMBOLS},{_OTHER_MARKETS}"
            with _demo(directory, symbols, options.seconds) as address:
                _draw(address, options)
    except SetupError as error:
        say(f"scripts/screenshot: {error}")
        return 1
    files = [options.out] if options.states is None else sorted(options.states.glob("*.png"))
    for file in files:
        say(f"{file}: {file.stat().st_size} bytes")
    return 0


@contextmanager
def _demo(directory: Path, symbols: str, seconds: float) -> Iterator[str]:
    """Run the demo; yield the address of its live page. Raises SetupError."""
    data = directory / "data"
    connection = data / "connection.json"
    say("starting the demo")
    demo = processes.start(
        processes.Command(
            name="demo",
            arguments=[
                *(sys.executable, "-P", "-m", "scripts.local_stack.demo"),
                *("--data-dir", str(data), "--symbols", symbols),
            ],
            log=directory / "demo.log",
            environment={**os.environ, "PYTHONPATH": str(ROOT)},
            directory=ROOT,
        )
    )
    try:
        processes.wait_until(connection.exists, demo, _START_SECONDS)
        address = str(json.loads(connection.read_text("utf-8"))["dashboard"])
        say(f"letting the market go on for {seconds:g} s")
        until = time.monotonic() + seconds
        processes.wait_until(lambda: time.monotonic() > until, demo, seconds + _START_SECONDS)
        processes.wait_until(lambda: _fills_the_page(address), demo, _START_SECONDS)
        yield address
    finally:
        processes.stop([demo], _STOP_SECONDS)


def _fills_the_page(address: str) -> bool:
    """Return whether so many bars, and the indicators of them, are stored."""
    stored = [_newest_times(address, table) for table in ("bars", "indicators")]
    return len(stored[0]) == _BARS and stored[0] == stored[1]


def _newest_times(address: str, table: str) -> list[str]:
    url = f"{address}api/{table}?symbol=AAPL&interval=1min&order=desc&limit={_BARS}"
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the demo's own
        return [row["bar_time"] for row in json.load(answer)["data"]]


def _draw(address: str, options: Options) -> None:
    """Open the page in Chromium and write what was asked for."""
    # Only the tests' packages have it.
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    say(f"drawing {address}")
    with sync_playwright() as playwright:
        program = require_chromium(os.environ)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        if options.states is None:
            _draw_page(browser, address + _VIEW, options.out)
        else:
            draw_states(browser, address, options.states)
        browser.close()


def _draw_page(browser: Browser, address: str, out: Path) -> None:
    """Write the picture once the page shows everything."""
    page = browser.new_page(viewport={"width": _WIDTH, "height": _HEIGHT}, color_scheme="light")
    page.goto(address, wait_until="load")
    page.wait_for_function(_IS_COMPLETE, polling=100, timeout=_PAGE_MS)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=out)


if __name__ == "__main__":
    sys.exit(main())
