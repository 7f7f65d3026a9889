"""Answers over real sockets."""

from __future__ import annotations

import http.client
import logging

import pytest
import requests

from services.simulator.server import SimulatorServer
from tests.unit.simulator.served import PATIENCE_SECONDS, QUOTE, get


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


def test_connections_are_kept(connection: http.client.HTTPConnection) -> None:
    used = set()
    for _ in range(3):
        connection.request("GET", "/health")
        used.add(connection.sock)
        assert connection.getresponse().read() == b"ok"

    assert len(used) == 1


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


def test_the_key_is_not_logged(
    server: SimulatorServer, session: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="simulator"):
        get(server, session)

    assert [record.getMessage() for record in caplog.records if record.name == "simulator"] == [
        "'GLOBAL_QUOTE': data"
    ]
