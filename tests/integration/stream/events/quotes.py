"""Quotes of one symbol at several moments, and records of Kafka that hold quotes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from services.common.market.quote import Quote
from services.stream.broker import KafkaRecord

NOON = Quote(
    symbol="AAPL",
    exchange_time="2025-11-06 12:00:00.123",
    exchange_tz="US/Eastern",
    open="268.0",
    high="271.5",
    low="267.1",
    close="270.1",
    volume="18345000",
    previous_close="269.0",
    extended_hours_price="",
    source="alphavantage",
    freshness="realtime",
    observed_at="2025-11-06T17:00:01.000Z",
)
LATER = replace(
    NOON, exchange_time="2025-11-06 12:01:00", close="270.2", observed_at="2025-11-06T17:01:01.000Z"
)
EVENING = replace(
    NOON,
    exchange_time="2025-11-06 18:30:00.5",
    extended_hours_price="272.25",
    observed_at="2025-11-06T23:30:01.000Z",
)
BARE = replace(NOON, symbol="BARE", open="", high="", low="", volume="", previous_close="")


def records(*quotes: Quote, first: int = 0) -> list[KafkaRecord]:
    sent_at = datetime(2025, 12, 1, tzinfo=UTC)
    return [
        KafkaRecord(0, number, sent_at, quote.key(), quote.to_json())
        for number, quote in enumerate(quotes, start=first)
    ]
