"""Faults in place of answers, and the counters."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from services.simulator.api import envelopes
from services.simulator.api.calls import Api, Call
from services.simulator.api.control import control
from services.simulator.api.dispatch import Desk, Reply
from services.simulator.api.faults import Faults
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.fakes import FixedBars, HandClock, make_api

CALL = Call({"function": "GLOBAL_QUOTE", "symbol": "IBM", "apikey": "KEY123"})


@pytest.fixture
def desk(sessions: Sessions, clock: HandClock) -> Desk:
    return Desk(make_api(FixedBars(), sessions, "unlimited", clock), Faults(1, {}))


def after(desk: Desk, fault: str) -> Reply:
    desk.faults.set(following=[fault])
    return desk.take(CALL)


@pytest.mark.parametrize("kind", [k for k in envelopes.KINDS if k != "csv_information"])
def test_envelopes(desk: Desk, kind: str) -> None:
    reply = after(desk, kind)

    assert (reply.delivery, reply.answer.kind, reply.answer.status) == ("plain", kind, 200)
    expected = envelopes.envelope(kind, "GLOBAL_QUOTE", "KEY123", per_second=5)
    assert json.loads(reply.answer.body) == expected


def test_csv_envelope(desk: Desk) -> None:
    assert after(desk, "csv_information").answer.body == (
        b"symbol,open,high,low,price,volume,latestDay,previousClose,change,changePercent\r\n"
        b"I,n,f,o,r,m,a,t,i,o\r\n"
    )


def test_a_call_that_goes_wrong_counts(sessions: Sessions, clock: HandClock) -> None:
    desk = Desk(make_api(FixedBars(), sessions, "free", clock), Faults(1, {}))

    assert [after(desk, "500").answer.kind, desk.take(CALL).answer.kind] == ["500", "burst"]


def test_counters(desk: Desk) -> None:
    desk.take(CALL)
    desk.take(Call({"function": "SMA", "apikey": "KEY123"}))
    after(desk, "hang")

    assert desk.requests() == {
        "total": 3,
        "by_function": {"GLOBAL_QUOTE": 2, "other": 1},
        "by_class": {"data": 1, "bad_function": 1, "hang": 1},
    }
    assert json.loads(control(desk, "GET", "/requests", b"", True).body) == desk.requests()


def test_a_redirect_names_a_target_with_the_key(desk: Desk) -> None:
    answer = after(desk, "redirect").answer

    assert (answer.status, answer.body) == (301, b"")
    assert answer.headers == {
        "Location": "https://moved.example/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=KEY123"
    }


def test_a_limit_may_tell_until_when(desk: Desk) -> None:
    answer = after(desk, "429_until").answer

    until = parsedate_to_datetime(answer.headers["Retry-After"])
    assert (answer.status, answer.body) == (429, b"")
    assert timedelta() < until - datetime.now(tz=UTC) <= timedelta(seconds=2)


def test_a_short_answer_holds_only_the_newest_bars(simulated: Api) -> None:
    desk = Desk(simulated, Faults(1, {}))
    call = Call({"function": "TIME_SERIES_DAILY", "symbol": "IBM", "apikey": "KEY123"})
    whole = json.loads(desk.take(call).answer.body)["Time Series (Daily)"]

    desk.faults.set(following=["short", "short"])
    short = json.loads(desk.take(call).answer.body)["Time Series (Daily)"]

    assert list(short.items()) == list(whole.items())[:3]
    assert len(whole) > 3
    refused = desk.take(Call({"function": "TIME_SERIES_DAILY", "apikey": "KEY123"}))
    assert refused.answer.kind == "bad_call"
