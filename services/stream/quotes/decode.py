"""A record of the quotes' topic → the row that it makes, or a reason to refuse it. Pure.

The rules are those of `quote.schema.json`, and what a schema cannot say. A number that the vendor
did not send is empty and stays unknown; what it sent wrong refuses the record.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.common.market.bar import (
    EXCHANGE_ZONES,
    FRESHNESS,
    PRICE_PATTERN,
    SYMBOL_PATTERN,
    VOLUME_PATTERN,
)
from services.common.market.exchanges import exchange_of, zone_of
from services.common.market.quote import PRICES, SCHEMA_VERSION, SOURCES, Quote
from services.common.market.trade_date import trade_date
from services.stream.event_topics.decode import (
    RefusedError,
    fields_of,
    instant,
    is_in_range,
    read_object,
    refuse_first,
)

_TEXTS: Final = (
    *("symbol", "exchange_time", "exchange_tz", *PRICES, "volume", "source", "freshness"),
    "observed_at",
)
_LOCAL: Final = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?"


@dataclass(frozen=True)
class QuoteRow:
    """A quote as it is stored. `quoted_at` and `observed_at` are in UTC, `session_date` is the
    trade date of its exchange; a number that was not sent is None."""

    symbol: str
    quoted_at: datetime
    session_date: date
    open: Decimal | None
    high: Decimal | None
    low: Decimal | None
    close: Decimal | None
    volume: Decimal | None
    previous_close: Decimal | None
    extended_hours_price: Decimal | None
    source: str
    freshness: str
    observed_at: datetime


def decode(key: bytes | None, value: bytes | None, kafka_time: datetime) -> QuoteRow:
    """Return the row of a record. Raises RefusedError."""
    quote = _read(read_object(key, value, SCHEMA_VERSION))
    refuse_first(_text_rules(quote, key))
    quoted_at, observed_at = _quoted_at(quote), instant(quote.observed_at)
    if observed_at is None:
        raise RefusedError("bad_observed_at")
    refuse_first(
        [
            (
                "time_out_of_range",
                not all(is_in_range(t, kafka_time) for t in (quoted_at, observed_at)),
            )
        ]
    )
    numbers = {name: _number(getattr(quote, name)) for name in (*PRICES, "volume")}
    refuse_first(_number_rules(numbers))
    local = quoted_at.astimezone(ZoneInfo(zone_of(quote.symbol))).replace(tzinfo=None)
    return QuoteRow(
        symbol=quote.symbol,
        quoted_at=quoted_at,
        session_date=trade_date(exchange_of(quote.symbol), local),
        source=quote.source,
        freshness=quote.freshness,
        observed_at=observed_at,
        **numbers,
    )


def _read(document: dict[str, Any]) -> Quote:
    fields = fields_of(document, _TEXTS)
    if not all(isinstance(text, str) for text in fields.values()):
        raise RefusedError("wrong_type")
    return Quote(**fields)


def _text_rules(quote: Quote, key: bytes | None) -> list[tuple[str, bool]]:
    prices = [getattr(quote, name) for name in PRICES]
    return [
        ("bad_symbol", not _is(SYMBOL_PATTERN, quote.symbol)),
        ("key_mismatch", key != quote.key()),
        ("bad_source", quote.source not in SOURCES),
        ("bad_freshness", quote.freshness not in FRESHNESS),
        ("bad_timezone", quote.exchange_tz not in EXCHANGE_ZONES),
        ("bad_price", not all(text == "" or _is(PRICE_PATTERN, text) for text in prices)),
        ("bad_volume", quote.volume != "" and not _is(VOLUME_PATTERN, quote.volume)),
        ("missing_price", quote.close == "" and quote.extended_hours_price == ""),
    ]


def _number_rules(numbers: dict[str, Decimal | None]) -> list[tuple[str, bool]]:
    prices = [price for name in PRICES if (price := numbers[name]) is not None]
    high, low = numbers["high"], numbers["low"]
    return [
        ("nonpositive_price", any(price <= 0 for price in prices)),
        ("inconsistent_ohlc", high is not None and low is not None and high < low),
    ]


def _quoted_at(quote: Quote) -> datetime:
    """Return the instant (UTC) that the exchange's clock showed. Raises RefusedError."""
    try:
        if not _is(_LOCAL, quote.exchange_time):
            raise ValueError
        local = datetime.fromisoformat(quote.exchange_time)
        earlier, later = (
            local.replace(tzinfo=ZoneInfo(quote.exchange_tz), fold=fold).astimezone(UTC)
            for fold in (0, 1)
        )
        shown = earlier.astimezone(ZoneInfo(quote.exchange_tz)).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise RefusedError("bad_exchange_time") from None
    refuse_first([("nonexistent_time", shown != local), ("ambiguous_time", earlier != later)])
    return earlier


def _number(text: str) -> Decimal | None:
    return Decimal(text) if text else None


def _is(pattern: str, text: str) -> bool:
    return re.fullmatch(pattern, text, re.ASCII) is not None
