"""What the API refuses, and how fresh its answers are."""

from __future__ import annotations

import pytest

from services.simulator.api.calls import Api
from services.simulator.api.messages import Call
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.fakes import (
    BULK,
    DAILY,
    INTRADAY,
    QUOTE,
    FixedBars,
    HandClock,
    ask,
    body,
    make_api,
    times,
    utc,
)


@pytest.mark.parametrize(
    ("plan", "parameters", "kind"),
    [
        pytest.param("75", {**INTRADAY, "apikey": ""}, "bad_key", id="no_key"),
        pytest.param("75", {**INTRADAY, "apikey": "bad-one"}, "bad_key", id="bad_key"),
        pytest.param("75", {**INTRADAY, "apikey": "demo"}, "demo_key", id="demo_key"),
        pytest.param("75", {"function": ""}, "bad_function", id="no_function"),
        pytest.param("75", {"function": "SMA"}, "bad_function", id="unknown_function"),
        pytest.param("75", {**INTRADAY, "symbol": ""}, "bad_call", id="no_symbol"),
        pytest.param("75", {**INTRADAY, "symbol": "NONE"}, "bad_call", id="unknown_symbol"),
        pytest.param("75", {**INTRADAY, "interval": "2min"}, "bad_call", id="bad_interval"),
        pytest.param("75", {**INTRADAY, "month": "2026-13"}, "bad_call", id="bad_month"),
        pytest.param("75", {**INTRADAY, "month": "1999-12"}, "bad_call", id="month_too_early"),
        pytest.param("75", {**INTRADAY, "month": "2026-12"}, "bad_call", id="month_to_come"),
        pytest.param("75", {**DAILY, "symbol": "NONE"}, "bad_call", id="daily_unknown_symbol"),
        pytest.param("75", {**QUOTE, "symbol": ""}, "bad_call", id="quote_no_symbol"),
        pytest.param("75", {**BULK, "symbol": ""}, "bad_call", id="bulk_no_symbol"),
        pytest.param("free", INTRADAY, "premium_endpoint", id="free_intraday"),
        pytest.param("free", BULK, "premium_endpoint", id="free_bulk"),
        pytest.param("free", {**DAILY, "outputsize": "full"}, "premium_param", id="free_full"),
        pytest.param(
            "free", {**QUOTE, "entitlement": "delayed"}, "not_entitled", id="free_delayed"
        ),
        pytest.param("75", {**QUOTE, "entitlement": "realtime"}, "not_entitled", id="75_realtime"),
        pytest.param("75", {**QUOTE, "entitlement": "delayed"}, "data", id="75_delayed"),
        pytest.param("150", {**QUOTE, "entitlement": "realtime"}, "data", id="150_realtime"),
        pytest.param("free", DAILY, "data", id="free_daily"),
        pytest.param("free", QUOTE, "data", id="free_quote"),
    ],
)
def test_refusals(
    sessions: Sessions, clock: HandClock, plan: str, parameters: dict[str, str], kind: str
) -> None:
    answer = ask(make_api(FixedBars(), sessions, plan, clock), parameters)

    assert (answer.kind, answer.status) == (kind, 200)


def test_envelopes_name_the_function(api: Api) -> None:
    assert body(ask(api, {**DAILY, "symbol": "NONE"})) == {
        "Error Message": "Invalid API call. Please retry or visit the documentation "
        "(https://www.alphavantage.co/documentation/) for TIME_SERIES_DAILY."
    }


def test_limits_come_before_the_parameters(sessions: Sessions, clock: HandClock) -> None:
    api = make_api(FixedBars(), sessions, "free", clock)

    assert [ask(api, {"function": "SMA"}).kind for _ in range(2)] == ["bad_function", "burst"]


@pytest.mark.parametrize(
    ("default", "more", "newest"),
    [
        pytest.param("realtime", {}, "2026-11-20 12:30:00", id="now"),
        pytest.param("realtime", {"entitlement": "delayed"}, "2026-11-20 12:15:00", id="delayed"),
        pytest.param("delayed", {}, "2026-11-20 12:15:00", id="delayed_by_default"),
        pytest.param("delayed", {"entitlement": "realtime"}, "2026-11-20 12:30:00", id="realtime"),
        pytest.param("historical", {}, "2026-11-19 19", id="historical_by_default"),
    ],
)
def test_entitlement(
    sessions: Sessions,
    clock: HandClock,
    default: str,
    more: dict[str, str],
    newest: str,
) -> None:
    api = make_api(SimulatedBars(1, sessions), sessions, "150", clock, default)

    assert times(ask(api, INTRADAY, **more))[0].startswith(newest)


def test_the_free_plan_sees_only_finished_days(sessions: Sessions, clock: HandClock) -> None:
    api = make_api(SimulatedBars(1, sessions), sessions, "free", clock)
    before = times(ask(api, DAILY))[0]
    clock.instant = utc("2026-11-21T01:00:00")  # 20:00 in New York
    after = times(ask(api, DAILY))[0]

    assert (before, after) == ("2026-11-19", "2026-11-20")


PER_MINUTE = {
    "message": "You have exceeded the rate limit per minute for your plan, BASIC, "
    "by the API provider"
}
PER_DAY = {
    "message": "You have exceeded the DAILY quota for Requests on your current plan, BASIC. "
    "Upgrade your plan at https://rapidapi.com/alphavantage/api/alpha-vantage"
}


def standing(limit: int, remaining: int, reset: int) -> dict[str, str]:
    return {
        "x-ratelimit-requests-limit": str(limit),
        "x-ratelimit-requests-remaining": str(remaining),
        "x-ratelimit-requests-reset": str(reset),
        "x-ratelimit-rapid-free-plans-hard-limit-limit": str(limit),
        "x-ratelimit-rapid-free-plans-hard-limit-remaining": str(remaining),
        "x-ratelimit-rapid-free-plans-hard-limit-reset": str(reset),
    }


def test_rapidapi_tells_limits_by_status_and_header(sessions: Sessions, clock: HandClock) -> None:
    api = make_api(FixedBars(), sessions, "free", clock)
    call = Call(DAILY, rapidapi_key="KEY123")
    found = []
    for pause in [0.0, *[1.0] * 25]:
        found.append(api.answer(call))
        clock.move(pause)

    first, second, last = found[0], found[1], found[-1]
    assert (first.status, first.kind, first.headers) == (200, "data", standing(25, 24, 23375))
    assert (second.status, second.kind, body(second)) == (429, "burst", PER_MINUTE)
    assert second.headers == standing(25, 23, 23375)
    assert (last.status, last.kind, body(last)) == (429, "daily", PER_DAY)
    assert last.headers == standing(25, 0, 23351)


def test_rapidapi_refuses_a_bad_key_by_status(api: Api) -> None:
    answer = api.answer(Call(DAILY, rapidapi_key="bad-one"))

    assert (answer.status, body(answer)) == (
        403,
        {"message": "You are not subscribed to this API."},
    )


def test_the_key_does_not_show() -> None:
    assert "KEY123" not in repr(Call({}, rapidapi_key="KEY123"))
