"""Calls about other markets than shares."""

from __future__ import annotations

from typing import Any

from services.simulator.api.calls import Api
from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.fakes import HandClock, make_api, utc

FX = {"function": "FX_INTRADAY", "from_symbol": "EUR", "to_symbol": "USD", "interval": "60min"}
FX_DAILY = {"function": "FX_DAILY", "from_symbol": "eur", "to_symbol": "usd"}
CRYPTO = {"function": "CRYPTO_INTRADAY", "symbol": "BTC", "market": "EUR", "interval": "60min"}
CRYPTO_DAILY = {"function": "DIGITAL_CURRENCY_DAILY", "symbol": "btc", "market": "eur"}
INDEX = {"function": "INDEX_DATA", "symbol": "SPX", "interval": "daily"}
CATALOG = {"function": "INDEX_CATALOG"}
RATE = {"function": "CURRENCY_EXCHANGE_RATE", "from_currency": "BTC", "to_currency": "USD"}
EVERY = (FX, FX_DAILY, CRYPTO, CRYPTO_DAILY, INDEX, CATALOG, RATE)


def api_at(sessions: Sessions, now: str, plan: str = "75") -> Api:
    """Return the API at this instant, as a key of the plan sees it."""
    return make_api(SimulatedBars(1, sessions), sessions, plan, HandClock(utc(now)))


def bars_of(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the bars of a JSON answer, by their time."""
    [bars] = [value for name, value in document.items() if name != "Meta Data"]
    assert isinstance(bars, dict)
    return bars
