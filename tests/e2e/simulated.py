"""What the simulated market says of itself: its full answers, as the rows that the table must hold.

The answers are read by the literal shapes of the API, not by the producer's code.
"""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

StoredBar = tuple[str, str, datetime, Decimal, Decimal, Decimal, Decimal, Decimal | None, date]
"""Symbol, interval, start, open, high, low, close, volume or none, trade date."""

_PRICES = ("open", "high", "low", "close")
_NEW_YORK, _UTC = ZoneInfo("America/New_York"), ZoneInfo("UTC")


@dataclass(frozen=True)
class Asked:
    """A series, the call that brings all of it, and the name of its bars in the answer.

    `clock` is what their times are told by, `days_by` what their dates are; these turn so long
    before midnight.
    """

    symbol: str
    interval: str
    query: Mapping[str, str]
    title: str
    clock: ZoneInfo = _NEW_YORK
    days_by: ZoneInfo = _NEW_YORK
    turns_earlier: timedelta = timedelta()


_HOURS = {"interval": "60min", "outputsize": "full"}
_EURO = {"from_symbol": "EUR", "to_symbol": "USD"}
_BITCOIN = {"symbol": "BTC", "market": "USD"}
_SHARE = {"symbol": "AAPL", "outputsize": "full"}
SERIES = (
    Asked("AAPL", "1d", {"function": "TIME_SERIES_DAILY", **_SHARE}, "Time Series (Daily)"),
    Asked(
        "AAPL",
        "60min",
        {"function": "TIME_SERIES_INTRADAY", "adjusted": "false", **_SHARE, **_HOURS},
        "Time Series (60min)",
    ),
    Asked(
        "CRYPTO:BTC/USD",
        "1d",
        {"function": "DIGITAL_CURRENCY_DAILY", **_BITCOIN},
        "Time Series (Digital Currency Daily)",
        clock=_UTC,
        days_by=_UTC,
    ),
    Asked(
        "CRYPTO:BTC/USD",
        "60min",
        {"function": "CRYPTO_INTRADAY", **_BITCOIN, **_HOURS},
        "Time Series Crypto (60min)",
        clock=_UTC,
        days_by=_UTC,
    ),
    Asked(
        "FX:EUR/USD",
        "1d",
        {"function": "FX_DAILY", "outputsize": "full", **_EURO},
        "Time Series FX (Daily)",
    ),
    Asked(
        "FX:EUR/USD",
        "60min",
        {"function": "FX_INTRADAY", **_EURO, **_HOURS},
        "Time Series FX (60min)",
        clock=_UTC,
        turns_earlier=timedelta(hours=7),
    ),
    Asked(
        "INDEX:SPX",
        "1d",
        {"function": "INDEX_DATA", "symbol": "SPX", "interval": "daily"},
        "data",
    ),
)
"""One symbol of each market, in the order of the table's rows."""


def truth(url: str, asked: Asked) -> list[StoredBar]:
    """Return all that the simulator at the address has of a series, oldest first."""
    query = urllib.parse.urlencode({**asked.query, "apikey": "checker"})
    with urllib.request.urlopen(f"{url}?{query}", timeout=120) as answer:  # noqa: S310 - the simulator's
        found = json.load(answer)[asked.title]
    bars: list[tuple[str, dict[str, Any]]] = (
        [(row["date"], row) for row in found] if isinstance(found, list) else [*found.items()]
    )
    return sorted(_stored(asked, time, fields) for time, fields in bars)


def _stored(asked: Asked, time: str, fields: dict[str, Any]) -> StoredBar:
    # The name of a field is told by its end: "1. open", or "open" alone.
    named = {name.rpartition(" ")[2]: str(value) for name, value in fields.items()}
    first, high, low, last = (Decimal(named[name]) for name in _PRICES)
    volume = Decimal(named["volume"]) if "volume" in named else None
    start = datetime.fromisoformat(time).replace(tzinfo=asked.clock)
    local = start.astimezone(UTC).astimezone(asked.days_by)
    day = (local.replace(tzinfo=None) + asked.turns_earlier).date()
    at = start.astimezone(UTC)
    return asked.symbol, asked.interval, at, first, high, low, last, volume, day
