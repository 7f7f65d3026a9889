"""What the tests share: the exchange calendar (built once, it takes a moment), APIs, a server."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from services.simulator.api.calls import Api
from services.simulator.api.dispatch import Dispatcher
from services.simulator.api.faults import Faults
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import Sessions, load_sessions
from services.simulator.server import SimulatorServer
from tests.unit.simulator.fakes import FixedBars, HandClock, make_api, utc
from tests.unit.simulator.served import PATIENCE_SECONDS, Start


@pytest.fixture(scope="session")
def sessions() -> Sessions:
    return load_sessions(utc("2026-11-23T12:00:00"))


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def api(sessions: Sessions, clock: HandClock) -> Api:
    return make_api(FixedBars(), sessions, "unlimited", clock)


@pytest.fixture
def simulated(sessions: Sessions, clock: HandClock) -> Api:
    return make_api(SimulatedBars(1, sessions), sessions, "unlimited", clock)


@pytest.fixture
def start(sessions: Sessions, clock: HandClock) -> Iterator[Start]:
    """Start a server whose hangs last so many seconds."""
    with ExitStack() as running:

        def started(hang_seconds: float) -> SimulatorServer:
            dispatcher = Dispatcher(
                make_api(FixedBars(), sessions, "unlimited", clock), Faults(1, {})
            )
            server = SimulatorServer("127.0.0.1", 0, dispatcher, hang_seconds)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            running.callback(thread.join)
            running.callback(server.stop)
            return server

        yield started


@pytest.fixture
def server(start: Start) -> SimulatorServer:
    return start(PATIENCE_SECONDS)


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        yield opened


@pytest.fixture
def connection(server: SimulatorServer) -> Iterator[http.client.HTTPConnection]:
    host = urlsplit(server.url).netloc
    opened = http.client.HTTPConnection(host, timeout=PATIENCE_SECONDS)
    yield opened
    opened.close()
