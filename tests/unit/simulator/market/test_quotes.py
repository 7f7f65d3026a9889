"""Quotes, compared as whole values."""

from __future__ import annotations

import pytest

from services.simulator.api.calls import Api
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.fakes import (
    BULK,
    QUOTE,
    FixedBars,
    HandClock,
    ask,
    body,
    make_api,
)


@pytest.mark.parametrize(
    ("more", "name"),
    [
        pytest.param({}, "Global Quote", id="plain"),
        pytest.param({"entitlement": "realtime"}, "Global Quote", id="realtime"),
        pytest.param(
            {"entitlement": "delayed"}, "Global Quote - DATA DELAYED BY 15 MINUTES", id="delayed"
        ),
    ],
)
def test_quote(api: Api, more: dict[str, str], name: str) -> None:
    assert body(ask(api, QUOTE, **more)) == {
        name: {
            "01. symbol": "IBM",
            "02. open": "306.1500",
            "03. high": "313.0000",
            "04. low": "305.1000",
            "05. price": "312.4200",
            "06. volume": "5610200",
            "07. latest trading day": "2025-11-06",
            "08. previous close": "306.7700",
            "09. change": "5.6500",
            "10. change percent": "1.8418%",
        }
    }


def test_quote_of_an_unknown_symbol(api: Api) -> None:
    assert body(ask(api, QUOTE, symbol="NONE")) == {"Global Quote": {}}


@pytest.mark.parametrize(
    ("late", "stamp", "extended"),
    [
        pytest.param(False, "2025-11-06 15:59:59.999", ("", "", ""), id="regular_hours"),
        pytest.param(
            True, "2025-11-06 16:05:59.999", ("311.5", "-0.92", "-0.29448"), id="after_hours"
        ),
    ],
)
def test_bulk_quotes(
    sessions: Sessions, clock: HandClock, late: bool, stamp: str, extended: tuple[str, str, str]
) -> None:
    api = make_api(FixedBars(late), sessions, "unlimited", clock)

    assert body(ask(api, BULK)) == {
        "endpoint": "Realtime Bulk Quotes",
        "message": "success",
        "data": [
            {
                "symbol": "IBM",
                "timestamp": stamp,
                "open": "306.15",
                "high": "313.0",
                "low": "305.1",
                "close": "312.42",
                "volume": "5610200",
                "previous_close": "306.77",
                "change": "5.65",
                "change_percent": "1.84177",
                "extended_hours_quote": extended[0],
                "extended_hours_change": extended[1],
                "extended_hours_change_percent": extended[2],
            }
        ],
    }


def test_bulk_quotes_ignore_what_exceeds_a_hundred_symbols(simulated: Api) -> None:
    symbols = [f"LOAD{number:04}" for number in range(1, 103)]

    answer = ask(simulated, BULK, symbol=",".join(symbols))

    assert [row["symbol"] for row in body(answer)["data"]] == symbols[:100]
