"""The Bar event: what travels from the producer through Kafka to the stream.

Prices and volume stay the decimal strings that the API sent, so that no float can round them.
The same facts stand in `bar.schema.json` (for other languages) and in the stream's SQL
expressions; contract tests compare the three.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from json.encoder import encode_basestring as _text
from typing import Final, NamedTuple

from services.common.market.exchanges import EXCHANGES

SCHEMA_VERSION: Final = 1

INTERVALS: Final = ("1min", "5min", "15min", "30min", "60min", "1d")
"""Bar lengths, by the names that Alpha Vantage gives them; `1d` is a trading day."""

INTERVAL_MINUTES: Final = {"1min": 1, "5min": 5, "15min": 15, "30min": 30, "60min": 60}
"""Length in minutes of each intraday interval."""

SOURCES: Final = ("alphavantage", "simulator", "file")
"""Who delivered a bar; `file` is what a person imported."""

FRESHNESS: Final = ("realtime", "delayed_15min", "end_of_day", "historical", "simulated")
"""How close to the market a bar was when it was observed."""

EXCHANGE_ZONES: Final = (
    "US/Eastern",
    *sorted({exchange.zone for exchange in EXCHANGES} - {"UTC"}),
    "UTC",
)
"""Clocks of the exchanges that Alpha Vantage covers; a bar on another clock is rejected."""

SYMBOL_PATTERN: Final = (
    r"(?:(?:INDEX:)?[A-Z0-9^][A-Z0-9.&\-]{0,15}"
    r"|FX:[A-Z]{3}/[A-Z]{3}|CRYPTO:[A-Z0-9]{1,10}/[A-Z]{3,5})"
)
"""A whole symbol, such as AAPL, BRK-B, TSCO.LON, M&M.BSE, 600104.SHH, FX:EUR/USD, CRYPTO:BTC/USD or
INDEX:SPX."""

SYMBOL_CHARS: Final = 23
"""Length of the longest symbol."""

_DECIMALS: Final = r"(\.[0-9]{1,10}0{0,12})?"
PRICE_PATTERN: Final = rf"[0-9]{{1,12}}{_DECIMALS}"
"""A price of at most ten decimals that count; bounded, as endless zeros cost minutes."""

VOLUME_PATTERN: Final = rf"[0-9]{{1,19}}{_DECIMALS}"
"""A volume: whole, with a fraction (consolidated US volume, crypto), or written as 1185.0."""

RAW: Final = "raw"
UNKNOWN_BASIS: Final = "unknown"

SPLITS: Final = "splits"
ADJUSTED_FOR: Final = (SPLITS, "splits_and_dividends")
"""What prices may be adjusted for; an event that does not tell is of the last."""


def price_basis(adjusted: bool, adjusted_as_of: str | None, adjusted_for: str | None = None) -> str:
    """Return what the prices of a bar are comparable with: `raw`, as traded; `split DATE` and
    `adjusted DATE`, all bars adjusted as of that day, for splits alone or for dividends as well;
    or `unknown`, adjusted as of a day that nobody kept."""
    if not adjusted:
        return RAW
    if adjusted_as_of is None:
        return UNKNOWN_BASIS
    return f"{'split' if adjusted_for == SPLITS else 'adjusted'} {adjusted_as_of}"


def normal_symbol(text: str) -> str:
    """Return a symbol that a person gave as it is stored, in capitals. Raises ValueError if it is
    none."""
    symbol = text.strip().upper()
    # Of other letters some have a capital that is a letter of ours.
    if not text.isascii() or not re.fullmatch(SYMBOL_PATTERN, symbol):
        raise ValueError(
            f"{text[:40]!r} is no symbol such as AAPL, TSCO.LON, FX:EUR/USD, CRYPTO:BTC/USD or "
            "INDEX:SPX"
        )
    return symbol


class Ohlcv(NamedTuple):
    """Open, high, low, close and volume as decimal strings, in the exchange's currency; a market
    that tells no volume, such as foreign exchange, has None."""

    open: str
    high: str
    low: str
    close: str
    volume: str | None


@dataclass(frozen=True)
class Bar:
    """One observation of one bar.

    `exchange_time` is the bar's start on the exchange's own clock (`YYYY-MM-DD HH:MM:SS`, a
    bare date for 1d), `observed_at` the UTC instant at which the response arrived (ISO 8601,
    milliseconds, Z). The bar's identity is (symbol, interval, start); the observation with the
    newest `observed_at` wins. Of an adjusted bar `adjusted_as_of` is the day (YYYY-MM-DD) as of
    which the vendor adjusted it, where that is known, and `adjusted_for` (of ADJUSTED_FOR) what
    for: bars of one series that have both alike may be compared with each other.
    """

    symbol: str
    interval: str
    exchange_time: str
    exchange_tz: str
    ohlcv: Ohlcv
    source: str
    freshness: str
    adjusted: bool
    is_final: bool
    observed_at: str
    schema_version: int = SCHEMA_VERSION
    adjusted_as_of: str | None = None
    adjusted_for: str | None = None

    def at(self, exchange_time: str, ohlcv: Ohlcv, is_final: bool) -> Bar:
        """Return another bar of the same answer."""
        # Filled in at once: a frozen dataclass sets each field by a call.
        bar = object.__new__(Bar)
        bar.__dict__.update(
            self.__dict__, exchange_time=exchange_time, ohlcv=ohlcv, is_final=is_final
        )
        return bar

    def key(self) -> bytes:
        """Return the Kafka key: all bars of a symbol keep their order in one partition."""
        return self.symbol.encode()

    def to_json(self) -> bytes:
        """Return the Kafka value: compact UTF-8 JSON."""
        # Written out: the library's encoder takes four times as long, as do others with a copy.
        ohlcv, more = self.ohlcv, ""
        volume = "null" if ohlcv.volume is None else _text(ohlcv.volume)
        if self.adjusted_as_of is not None:
            more = f',"adjusted_as_of":{_text(self.adjusted_as_of)}'
        if self.adjusted_for is not None:
            more += f',"adjusted_for":{_text(self.adjusted_for)}'
        return (
            f'{{"symbol":{_text(self.symbol)},"interval":{_text(self.interval)},'
            f'"exchange_time":{_text(self.exchange_time)},'
            f'"exchange_tz":{_text(self.exchange_tz)},'
            f'"ohlcv":{{"open":{_text(ohlcv.open)},"high":{_text(ohlcv.high)},'
            f'"low":{_text(ohlcv.low)},"close":{_text(ohlcv.close)},"volume":{volume}}},'
            f'"source":{_text(self.source)},"freshness":{_text(self.freshness)},'
            f'"adjusted":{"true" if self.adjusted else "false"},'
            f'"is_final":{"true" if self.is_final else "false"},'
            f'"observed_at":{_text(self.observed_at)},'
            f'"schema_version":{self.schema_version:d}{more}}}'
        ).encode()
