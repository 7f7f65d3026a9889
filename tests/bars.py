"""Bars for tests: one good bar, changed where a test needs it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from services.common.market.bar import Bar, Ohlcv

GOOD = Bar(
    symbol="AAPL",
    interval="5min",
    exchange_time="2025-11-06 15:55:00",
    exchange_tz="US/Eastern",
    ohlcv=Ohlcv("269.80", "270.10", "269.75", "270.05", "18345"),
    source="alphavantage",
    freshness="delayed_15min",
    adjusted=True,
    is_final=True,
    observed_at="2025-11-06T21:00:03.412Z",
)


def bar(ohlcv: dict[str, str] | None = None, **changes: Any) -> Bar:
    """Return the good bar with some fields changed."""
    return replace(GOOD, ohlcv=GOOD.ohlcv._replace(**(ohlcv or {})), **changes)


def record(event: Bar) -> tuple[bytes, bytes]:
    """Return the bar as a Kafka key and value."""
    return event.key(), event.to_json()
