"""What the tables of input are made of: the good bar, changed, and the fate it must have."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.bars import GOOD

SUPERSEDED = "superseded"
CLOSE_TO_THE_LIMIT = 900_000
BAR_TIME = datetime(2025, 11, 6, 20, 55, tzinfo=UTC)


@dataclass(frozen=True)
class Stored:
    """What a good record leaves in the table."""

    symbol: str
    bar_time: datetime = BAR_TIME
    open: str = "269.80"
    volume: str | None = "18345"
    basis: str = "unknown"


@dataclass(frozen=True)
class Case:
    """A record and its fate: Stored, SUPERSEDED, or a reason code; a Kafka time where it counts."""

    name: str
    key: bytes | None
    value: bytes | None
    fate: Stored | str
    timestamp_ms: int | None = None


def document(numbers: dict[str, Any] | None = None, /, **changes: Any) -> dict[str, Any]:
    """Return the good bar as a JSON object with some fields changed."""
    event: dict[str, Any] = {**json.loads(GOOD.to_json()), **changes}
    if numbers:
        event["ohlcv"] = {**event["ohlcv"], **numbers}
    return event


def encoded(event: Any) -> bytes:
    """Return compact JSON."""
    return json.dumps(event, separators=(",", ":")).encode()


def rejected(name: str, reason: str, value: bytes | None, key: bytes | None = b"AAPL") -> Case:
    """Return a record that is refused."""
    return Case(name, key, value, reason)


def changed(
    name: str, reason: str, numbers: dict[str, Any] | None = None, /, **changes: Any
) -> Case:
    """Return a good record with changed fields that make it refused."""
    return rejected(name, reason, encoded(document(numbers, **changes)))


def lacking(field: str, **changes: Any) -> bytes:
    """Return the good bar, perhaps changed, without a field."""
    event = document(**changes)
    place = event["ohlcv"] if field in event["ohlcv"] else event
    del place[field]
    return encoded(event)


GOOD_BYTES = encoded(document())


def good(name: str, symbol: str, value: bytes | None = None, **fate: Any) -> Case:
    """Return a record that is stored."""
    own = encoded(document(symbol=symbol)) if value is None else value
    return Case(name, symbol.encode(), own, Stored(symbol, **fate))
