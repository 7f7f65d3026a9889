"""Answers and faults over real sockets."""

from __future__ import annotations

import http.client
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
import requests

from services.simulator.api.dispatch import Dispatcher
from services.simulator.api.faults import Faults
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import Sessions
from services.simulator.server import SimulatorServer
from tests.unit.simulator.fakes import FixedBars, HandClock, make_api

QUOTE = {"function": "GLOBAL_QUOTE", "symbol": "IBM", "apikey": "KEY123"}
PATIENCE_SECONDS = 30

Start = Callable[[float], SimulatorServer]


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


def get(server: SimulatorServer, session: requests.Session, **more: float) -> requests.Response:
    timeout = more.get("timeout", PATIENCE_SECONDS)
    return session.get(server.url, params=QUOTE, timeout=timeout)


def test_an_answer(server: SimulatorServer, session: requests.Session) -> None:
    response = get(server, session)

    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/json")
    assert response.json()["Global Quote"]["05. price"] == "312.4200"


@pytest.mark.parametrize(
    ("fault", "head", "text"),
    [
        pytest.param("500", (500, "text/plain"), "Internal Server Error", id="500"),
        pytest.param("empty", (200, "application/json"), "", id="empty"),
        pytest.param(
            "429",
            (429, "application/json"),
            '{"message": "You have exceeded the rate limit per minute for your plan, BASIC, by the '
            'API provider"}',
            id="429",
        ),
        pytest.param(
            "html",
            (200, "text/html"),
            "<!DOCTYPE html>\n<html><head><title>Alpha Vantage</title></head><body><h1>We will be "
            "back soon</h1></body></html>\n",
            id="html",
        ),
        pytest.param("empty_object", (200, "application/json"), "{}", id="envelope"),
    ],
)
def test_wrong_bodies(
    server: SimulatorServer,
    session: requests.Session,
    fault: str,
    head: tuple[int, str],
    text: str,
) -> None:
    server.dispatcher.faults.set(following=[fault])

    response = get(server, session)

    assert (response.status_code, response.headers["Content-Type"]) == head
    assert response.text == text
    assert get(server, session).status_code == 200


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


def test_connections_are_kept(connection: http.client.HTTPConnection) -> None:
    used = set()
    for _ in range(3):
        connection.request("GET", "/health")
        used.add(connection.sock)
        assert connection.getresponse().read() == b"ok"

    assert len(used) == 1


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


@pytest.mark.parametrize(
    ("length", "status"),
    [pytest.param("65537", 413, id="too_large"), pytest.param("x", 413, id="no_number")],
)
def test_a_body_must_be_small(
    connection: http.client.HTTPConnection, length: str, status: int
) -> None:
    connection.putrequest("PUT", "/faults")
    connection.putheader("Content-Length", length)
    connection.endheaders()

    assert connection.getresponse().status == status


def test_rapidapi(server: SimulatorServer, session: requests.Session) -> None:
    headers = {"X-RapidAPI-Key": "bad", "X-RapidAPI-Host": "alpha-vantage.p.rapidapi.com"}

    response = session.get(server.url, params=QUOTE, headers=headers, timeout=PATIENCE_SECONDS)

    assert (response.status_code, response.json()) == (
        403,
        {"message": "You are not subscribed to this API."},
    )


def test_the_first_of_repeated_parameters_counts(
    server: SimulatorServer, session: requests.Session
) -> None:
    url = f"{server.url}?function=GLOBAL_QUOTE&symbol=IBM&symbol=NONE&apikey=KEY123"

    assert session.get(url, timeout=PATIENCE_SECONDS).json()["Global Quote"] != {}


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


def test_the_key_is_not_logged(
    server: SimulatorServer, session: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="simulator"):
        get(server, session)

    assert [record.getMessage() for record in caplog.records if record.name == "simulator"] == [
        "'GLOBAL_QUOTE': data"
    ]
