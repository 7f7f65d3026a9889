"""The Quote event: a symbol's newest price, from a bulk answer through Kafka to the stream.

Numbers stay the decimal strings that the API sent, empty where it sent none. The same facts stand
in `quote.schema.json`; a contract test compares the two.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final

SCHEMA_VERSION: Final = 1

SOURCES: Final = ("alphavantage", "simulator")
"""Who delivers quotes."""

PRICES: Final = ("open", "high", "low", "close", "previous_close", "extended_hours_price")

_COMPACT: Final = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True)
class Quote:
    """One observation of one symbol's newest trade.

    `exchange_time` is the trade's instant on the exchange's own clock (`YYYY-MM-DD HH:MM:SS`, with
    or without a fraction of a second). `open` to `close` and `volume` are those of the regular
    session, `previous_close` is that of the session before it, `extended_hours_price` the newest
    price outside of regular hours, empty within them. All are as traded, in the quote unit.
    `observed_at` is the UTC instant at which the answer arrived (ISO 8601, milliseconds, Z). A
    symbol has one quote: that of the newest `exchange_time`, then of the newest `observed_at`.
    """

    symbol: str
    exchange_time: str
    exchange_tz: str
    open: str
    high: str
    low: str
    close: str
    volume: str
    previous_close: str
    extended_hours_price: str
    source: str
    freshness: str
    observed_at: str
    schema_version: int = SCHEMA_VERSION

    def key(self) -> bytes:
        """Return the Kafka key: all quotes of a symbol keep their order in one partition."""
        return self.symbol.encode()

    def to_json(self) -> bytes:
        """Return the Kafka value: compact UTF-8 JSON."""
        return _COMPACT.encode(vars(self)).encode()
