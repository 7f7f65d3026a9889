"""The addresses that show counters and faults and set faults."""

from __future__ import annotations

import json

import pytest

from services.simulator.api.control import control
from services.simulator.api.dispatch import Dispatcher
from services.simulator.api.faults import Faults
from services.simulator.api.messages import Answer, Call
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.fakes import FixedBars, HandClock, make_api

CALL = Call({"function": "GLOBAL_QUOTE", "symbol": "IBM", "apikey": "KEY123"})


@pytest.fixture
def dispatcher(sessions: Sessions, clock: HandClock) -> Dispatcher:
    return Dispatcher(make_api(FixedBars(), sessions, "unlimited", clock), Faults(1, {}))


def test_health(dispatcher: Dispatcher) -> None:
    assert control(dispatcher, "GET", "/health", b"", False) == Answer(
        "control", b"ok", content_type="text/plain"
    )


def test_set_and_show_faults(dispatcher: Dispatcher) -> None:
    wanted = {
        "probabilities": {"hang": 0.5},
        "next": ["429", "none"],
        "symbols": {"XOM": "empty_object"},
    }

    put = control(dispatcher, "PUT", "/faults", json.dumps(wanted).encode(), True)
    dispatcher.take(CALL)
    shown = control(dispatcher, "GET", "/faults", b"", True)

    assert json.loads(put.body) == {**wanted, "served": {}}
    assert json.loads(shown.body) == {
        "probabilities": {"hang": 0.5},
        "next": ["none"],
        "symbols": {"XOM": "empty_object"},
        "served": {"429": 1},
    }


@pytest.mark.parametrize(
    ("body", "error"),
    [
        pytest.param(b"{", "Expecting property name", id="no_json"),
        pytest.param(b"[]", "the body must be an object of `probabilities`", id="no_object"),
        pytest.param(b'{"faults": []}', "the body must be an object", id="unknown_member"),
        pytest.param(b'{"next": "429"}', "`next` must be a list", id="no_list"),
        pytest.param(b'{"next": ["boom"]}', "'boom' is no fault", id="unknown_fault"),
        pytest.param(b'{"symbols": {"A": 1}}', "`symbols` must map", id="no_fault_of_a_symbol"),
        pytest.param(b'{"probabilities": []}', "`probabilities` must map", id="no_map"),
        pytest.param(b'{"probabilities": {"hang": 2}}', "the probability of hang", id="large"),
    ],
)
def test_wrong_faults(dispatcher: Dispatcher, body: bytes, error: str) -> None:
    answer = control(dispatcher, "PUT", "/faults", body, True)

    assert answer.status == 400
    assert json.loads(answer.body)["error"].startswith(error)
    assert dispatcher.faults.state() == {
        "probabilities": {},
        "next": [],
        "symbols": {},
        "served": {},
    }


@pytest.mark.parametrize(
    ("method", "path", "local", "status"),
    [
        pytest.param("GET", "/faults", False, 403, id="faults_from_afar"),
        pytest.param("PUT", "/faults", False, 403, id="setting_faults_from_afar"),
        pytest.param("GET", "/requests", False, 403, id="requests_from_afar"),
        pytest.param("PUT", "/requests", True, 404, id="wrong_method"),
        pytest.param("GET", "/", True, 404, id="unknown"),
    ],
)
def test_refused(dispatcher: Dispatcher, method: str, path: str, local: bool, status: int) -> None:
    assert control(dispatcher, method, path, b'{"next": ["429"]}', local).status == status
    assert dispatcher.faults.choose() is None
