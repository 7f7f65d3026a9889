"""Faults in place of answers, and the counters."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from services.simulator.api import envelopes
from services.simulator.api.calls import Api
from services.simulator.api.control import control
from services.simulator.api.dispatch import Dispatcher, Reply
from services.simulator.api.faults import Faults
from services.simulator.api.messages import Call
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.fakes import FixedBars, HandClock, make_api

CALL = Call({"function": "GLOBAL_QUOTE", "symbol": "IBM", "apikey": "KEY123"})


@pytest.fixture
def dispatcher(sessions: Sessions, clock: HandClock) -> Dispatcher:
    return Dispatcher(make_api(FixedBars(), sessions, "unlimited", clock), Faults(1, {}))


def after(dispatcher: Dispatcher, fault: str) -> Reply:
    dispatcher.faults.set(following=[fault])
    return dispatcher.take(CALL)


@pytest.mark.parametrize("kind", [k for k in envelopes.KINDS if k != "csv_information"])
def test_envelopes(dispatcher: Dispatcher, kind: str) -> None:
    reply = after(dispatcher, kind)

    assert (reply.delivery, reply.answer.kind, reply.answer.status) == ("plain", kind, 200)
    expected = envelopes.envelope(kind, "GLOBAL_QUOTE", "KEY123", per_second=5)
    assert json.loads(reply.answer.body) == expected


def test_csv_envelope(dispatcher: Dispatcher) -> None:
    assert after(dispatcher, "csv_information").answer.body == (
        b"symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\n"
        b"I,n,f,o,r,m,a,t,i,o\r\n"
    )


def test_a_call_that_goes_wrong_counts(sessions: Sessions, clock: HandClock) -> None:
    dispatcher = Dispatcher(make_api(FixedBars(), sessions, "free", clock), Faults(1, {}))

    assert [after(dispatcher, "500").answer.kind, dispatcher.take(CALL).answer.kind] == [
        "500",
        "burst",
    ]


def test_counters(dispatcher: Dispatcher) -> None:
    dispatcher.take(CALL)
    dispatcher.take(Call({"function": "SMA", "apikey": "KEY123"}))
    after(dispatcher, "hang")

    assert dispatcher.requests() == {
        "total": 3,
        "by_function": {"GLOBAL_QUOTE": 2, "other": 1},
        "by_class": {"data": 1, "bad_function": 1, "hang": 1},
    }
    assert (
        json.loads(control(dispatcher, "GET", "/requests", b"", True).body) == dispatcher.requests()
    )


def test_a_redirect_names_a_target_with_the_key(dispatcher: Dispatcher) -> None:
    answer = after(dispatcher, "redirect").answer

    assert (answer.status, answer.body) == (301, b"")
    assert answer.headers == {
        "Location": "https://moved.example/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=KEY123"
    }


def test_a_limit_may_tell_until_when(dispatcher: Dispatcher) -> None:
    answer = after(dispatcher, "429_until").answer

    until = parsedate_to_datetime(answer.headers["Retry-After"])
    assert (answer.status, answer.body) == (429, b"")
    assert timedelta() < until - datetime.now(tz=UTC) <= timedelta(seconds=2)


def test_a_short_answer_holds_only_the_newest_bars(simulated: Api) -> None:
    dispatcher = Dispatcher(simulated, Faults(1, {}))
    call = Call({"function": "TIME_SERIES_DAILY", "symbol": "IBM", "apikey": "KEY123"})
    whole = json.loads(dispatcher.take(call).answer.body)["Time Series (Daily)"]

    dispatcher.faults.set(following=["short", "short"])
    short = json.loads(dispatcher.take(call).answer.body)["Time Series (Daily)"]

    assert list(short.items()) == list(whole.items())[:3]
    assert len(whole) > 3
    refused = dispatcher.take(Call({"function": "TIME_SERIES_DAILY", "apikey": "KEY123"}))
    assert refused.answer.kind == "bad_call"
