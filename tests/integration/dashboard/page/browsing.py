"""A page of the dashboard in a real Chromium, and a line to the server that can be held up."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from scripts.local_stack.servers.ports import HOST

PATIENCE_MS = 60_000
STATE = """() => [
    ...["title", "trouble", "connection"].map(id => document.getElementById(id)?.textContent),
    document.querySelectorAll('#newest tr').length, document.hidden, typeof window.tapeline,
]"""


@contextmanager
def opened(
    browser: Browser, url: str, quiet: bool = True, script: str = "", **options: Any
) -> Iterator[tuple[Page, list[str]]]:
    """Open a page; unless a loss is expected, nothing may be complained of, and every request
    goes to the dashboard."""
    options = {"viewport": {"width": 1400, "height": 900}, "color_scheme": "dark", **options}
    context: BrowserContext = browser.new_context(**options)
    complaints: list[str] = []
    page = context.new_page()
    if script:
        page.add_init_script(script)
    page.set_default_timeout(PATIENCE_MS)
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    _visit(page, url, complaints)
    try:
        yield page, complaints
    except Exception as error:
        state = page.evaluate(STATE)
        error.add_note(f"the page: {state}; it complained of {complaints}; it asked for {asked}")
        raise
    context.close()
    origin = "/".join(url.split("/")[:3])
    assert [one for one in asked if not one.startswith((f"{origin}/", "data:"))] == []
    if quiet:
        assert complaints == []


def _visit(page: Page, url: str, complaints: list[str]) -> None:
    """Load a page; again if a network of the machine came or went meanwhile, as other tests'
    containers and namespaces do: Chromium then gives up whatever it is loading."""
    page.goto(url)
    while any("ERR_NETWORK_CHANGED" in said for said in complaints):
        complaints.clear()
        page.goto(url)


def holds(page: Page, script: str, arg: Any = None) -> None:
    """Wait until it is true. It is looked at every 100 ms, not at each frame that is drawn, since
    a browser that nobody looks at may draw none."""
    page.wait_for_function(script, arg=arg, polling=100)


def loaded(page: Page, bars: int = 6) -> None:
    """Wait until it shows bars, is live, and shows what is computed of them."""
    holds(page, "bars => document.querySelectorAll('#newest tr').length >= bars", bars)
    holds(page, "() => document.getElementById('connection').dataset.state === 'live'")
    holds(page, "() => document.querySelectorAll('#events li').length > 0")


class Line:
    """Hands on what comes to a port of its own; `hold` takes everything and hands on nothing."""

    def __init__(self, port: int) -> None:
        self._to = port
        self._held = False
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, 0))
        self.port: int = self._listener.getsockname()[1]
        self._run(self._accept)

    def hold(self) -> None:
        """Let no byte through any more."""
        self._held = True

    def let_go(self) -> None:
        """Cut off whoever was held, and hand on what comes from now on."""
        self._held = False
        self.cut()

    def cut(self) -> None:
        """End all connections."""
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for one in self._threads:
            one.join(10)

    def _run(self, work: Callable[..., None], *given: socket.socket) -> None:
        self._threads.append(threading.Thread(target=work, args=given, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                viewer, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection((HOST, self._to))
            self._open |= {viewer, server}
            self._run(self._hand_on, viewer, server)
            self._run(self._hand_on, server, viewer)

    def _hand_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65_536):
                if not self._held:
                    other.sendall(data)
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)
        self._open.discard(one)
        one.close()
