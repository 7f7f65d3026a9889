"""Foreign exchange, digital currencies and indices: plans, refusals, and forms to choose."""

from __future__ import annotations

import pytest

from services.producer.alpha_vantage.classify import classify
from services.producer.alpha_vantage.parse import Observation, parse_bars
from services.producer.series import Series
from services.simulator.api.dispatch import Dispatcher
from services.simulator.api.faults import Faults
from services.simulator.api.messages import Call
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.api.other_market_calls import (
    CATALOG,
    CRYPTO,
    CRYPTO_DAILY,
    EVERY,
    FX,
    FX_DAILY,
    INDEX,
    RATE,
    api_at,
)
from tests.unit.simulator.fakes import ask, body, utc


@pytest.mark.parametrize(
    ("plan", "parameters", "kind"),
    [
        *(("75", each, "data") for each in EVERY),
        *(("free", each, "premium_endpoint") for each in (FX, CRYPTO, INDEX)),
        *(("free", each, "data") for each in (FX_DAILY, CRYPTO_DAILY, CATALOG, RATE)),
        ("free", {**FX_DAILY, "outputsize": "full"}, "data"),
        *(("75", {**each, "apikey": "demo"}, "demo_key") for each in EVERY),
        ("75", {**FX, "from_symbol": "XAU"}, "bad_call"),
        ("75", {**FX, "from_symbol": "BTC"}, "bad_call"),
        ("75", {**FX, "interval": "2min"}, "bad_call"),
        ("75", {**FX_DAILY, "to_symbol": ""}, "bad_call"),
        ("75", {**CRYPTO, "symbol": "XMR"}, "bad_call"),
        ("75", {**CRYPTO_DAILY, "market": "BTC"}, "bad_call"),
        ("75", {**INDEX, "symbol": "GSPTSE"}, "bad_call"),
        ("75", {**INDEX, "interval": "5min"}, "bad_call"),
        ("75", {**RATE, "from_currency": "ABC"}, "bad_call"),
        ("75", {"function": "TIME_SERIES_DAILY", "symbol": "FX:EUR/USD"}, "bad_call"),
    ],
)
def test_plans_and_refusals(
    sessions: Sessions, plan: str, parameters: dict[str, str], kind: str
) -> None:
    assert ask(api_at(sessions, "2026-11-20T15:30:00", plan), parameters).kind == kind


def test_a_refusal_names_the_function_that_was_asked(sessions: Sessions) -> None:
    unknown = {**FX_DAILY, "from_symbol": "ABC"}
    assert body(ask(api_at(sessions, "2026-11-20T15:30:00"), unknown)) == {
        "Error Message": "Invalid API call. Please retry or visit the documentation "
        "(https://www.alphavantage.co/documentation/) for FX_DAILY."
    }


@pytest.mark.parametrize(
    ("parameters", "head"),
    [
        (FX, "timestamp,open,high,low,close"),
        (FX_DAILY, "timestamp,open,high,low,close"),
        (CRYPTO, "timestamp,open,high,low,close,volume"),
        (CRYPTO_DAILY, "timestamp,open,high,low,close,volume"),
        (CATALOG, "symbol,name"),
    ],
)
def test_csv(sessions: Sessions, parameters: dict[str, str], head: str) -> None:
    api = api_at(sessions, "2026-11-20T15:30:00")
    lines = ask(api, {**parameters, "datatype": "csv"}).body.decode().split("\r\n")
    assert lines[0] == head
    assert {line.count(",") for line in lines[:-1]} == {head.count(",")}


def test_days_of_a_digital_currency_come_in_their_old_shape_when_told_to(
    sessions: Sessions,
) -> None:
    dispatcher = Dispatcher(api_at(sessions, "2026-11-20T15:30:00"), Faults(1, {}))
    call = Call({"apikey": "KEY123", **CRYPTO_DAILY})
    series = Series("CRYPTO:BTC/EUR", "1d")
    new = classify(200, {}, dispatcher.take(call).answer.body, series)
    dispatcher.faults.set(None, ["old_shape"], None)
    old = classify(200, {}, dispatcher.take(call).answer.body, series)
    assert list(old.bars["2026-11-20"]) == [
        *("1a. open (EUR)", "1b. open (USD)", "2a. high (EUR)", "2b. high (USD)"),
        *("3a. low (EUR)", "3b. low (USD)", "4a. close (EUR)", "4b. close (USD)"),
        *("5. volume", "6. market cap (USD)"),
    ]
    seen = Observation(series, "UTC", "simulator", "simulated", False, utc("2026-11-20T15:30:00"))
    read_new, read_old = (parse_bars(each.bars, seen, lambda _: True) for each in (new, old))
    assert read_new == read_old
