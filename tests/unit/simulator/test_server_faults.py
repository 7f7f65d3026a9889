"""Faults over real sockets."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from services.simulator.api.dispatch import Dispatcher
from services.simulator.api.faults import Faults
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import Sessions
from services.simulator.server import SimulatorServer
from tests.unit.simulator.fakes import HandClock, make_api
from tests.unit.simulator.served import PATIENCE_SECONDS, Start, get


def test_a_hang(server: SimulatorServer, session: requests.Session) -> None:
    server.dispatcher.faults.set(following=["hang"])

    with pytest.raises(requests.exceptions.ReadTimeout):
        get(server, session, timeout=0.2)


def test_a_hang_ends_without_an_answer(start: Start, session: requests.Session) -> None:
    server = start(0.1)
    server.dispatcher.faults.set(following=["hang"])

    with pytest.raises(requests.exceptions.ConnectionError, match="RemoteDisconnected"):
        get(server, session)


def test_a_drip_is_slow_but_whole(start: Start, session: requests.Session) -> None:
    server = start(1.0)
    whole = get(server, session).content
    server.dispatcher.faults.set(following=["drip"])

    began = time.monotonic()
    dripped = get(server, session).content

    assert dripped == whole
    assert time.monotonic() - began >= 0.9


def test_a_truncated_body(server: SimulatorServer, session: requests.Session) -> None:
    server.dispatcher.faults.set(following=["truncated"])

    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        get(server, session)


def test_a_reset_connection(server: SimulatorServer, session: requests.Session) -> None:
    server.dispatcher.faults.set(following=["reset"])

    with pytest.raises(requests.exceptions.ConnectionError, match="ConnectionResetError"):
        get(server, session)


def test_faults_are_set_over_http(server: SimulatorServer, session: requests.Session) -> None:
    base = server.url.removesuffix("/query")

    put = session.put(f"{base}/faults", json={"next": ["429"]}, timeout=PATIENCE_SECONDS)
    limited = get(server, session)
    counters = session.get(f"{base}/requests", timeout=PATIENCE_SECONDS)

    assert put.json() == {"probabilities": {}, "next": ["429"], "symbols": {}, "served": {}}
    assert limited.status_code == 429
    assert counters.json() == {
        "total": 1,
        "by_function": {"GLOBAL_QUOTE": 1},
        "by_class": {"429": 1},
    }


def test_many_callers_at_once(sessions: Sessions, clock: HandClock) -> None:
    dispatcher = Dispatcher(
        make_api(SimulatedBars(1, sessions), sessions, "unlimited", clock),
        Faults(1, {"500": 0.3}),
    )
    server = SimulatorServer("127.0.0.1", 0, dispatcher, PATIENCE_SECONDS)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()

    def call(number: int) -> tuple[int, str]:
        parameters = {
            "function": "TIME_SERIES_INTRADAY",
            "symbol": f"LOAD{number % 10:04}",
            "interval": "1min",
            "apikey": "KEY123",
        }
        response = requests.get(server.url, params=parameters, timeout=PATIENCE_SECONDS)
        return response.status_code, response.text

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(call, range(120)))
    server.stop()
    thread.join()

    failed = [status for status, _ in found if status == 500]
    bodies = {text for status, text in found if status == 200}
    assert dispatcher.requests() == {
        "total": 120,
        "by_function": {"TIME_SERIES_INTRADAY": 120},
        "by_class": {"500": len(failed), "data": 120 - len(failed)},
    }
    assert {json.loads(text)["Meta Data"]["2. Symbol"] for text in bodies} == {
        f"LOAD{number:04}" for number in range(10)
    }
    assert len(bodies) == 10
    assert 0 < len(failed) < 120
