"""What a viewer is sent: rows and figures in, server-sent events out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from fastapi.sse import format_sse_event

from services.dashboard.live.subscribers import Watch

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def event_id(instant: datetime) -> str:
    """Return the id of what was committed up to an instant: microseconds since 1970."""
    return str((instant - _EPOCH) // timedelta(microseconds=1))


def instant_of(text: str) -> datetime | None:
    """Return the instant of an event's id, or None if it is none of ours."""
    if not (text.isascii() and text.isdigit() and len(text) <= 17):
        return None
    return _EPOCH + timedelta(microseconds=int(text))


def _event(name: str, data: Mapping[str, Any], identity: str | None = None) -> bytes:
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return format_sse_event(event=name, data_str=text, id=identity)


def bars(watch: Watch, rows: Sequence[Sequence[Any]], identity: str | None = None) -> bytes:
    """Return stored bars, new or corrected: [seconds, open, high, low, close, volume]."""
    return _event("bars", {**watch._asdict(), "rows": rows}, identity)


def candles(
    watch: Watch, since: float, rows: Sequence[Sequence[Any]], identity: str | None = None
) -> bytes:
    """Return all candles from an instant on, in the place of those known: [seconds, open, high,
    low, close, volume, upper, middle, lower band, volatility, covered percent, rolled up from]."""
    return _event("candles", {**watch._asdict(), "since": since, "rows": rows}, identity)


def indicators(watch: Watch, rows: Sequence[Sequence[Any]]) -> bytes:
    """Return indicators: [seconds, upper, middle, lower band, volatility]."""
    return _event("indicators", {**watch._asdict(), "rows": rows})


def actions(watch: Watch, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return the splits, spin-offs and dividends in force: all there are."""
    return _event("actions", {**watch._asdict(), "actions": rows})


def status(facts: Mapping[str, Any]) -> bytes:
    """Return how the pipeline stands."""
    return _event("status", facts)


def heartbeat(identity: str | None = None) -> bytes:
    """Return an event, which the page hears, as it would not a comment: it notices when there is
    none any more."""
    return _event("heartbeat", {}, identity)


RESYNC: Final = _event("resync", {})
"""Tells a viewer to load its chart anew."""
HELLO: Final = format_sse_event(comment="tapeline", retry=1000)
"""Opens a stream; a lost connection is tried again after so many milliseconds."""
