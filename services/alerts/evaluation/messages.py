"""What a message says: a change of an alert in, the body of a Standard Webhook out. Pure."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from services.alerts.evaluation.events import TELL_FIRED, TELL_RETRACTED, Change, event_id


def message_id(change: Change) -> str:
    """Return the id of the message that tells of a change: the same on every try."""
    assert change.after is not None  # noqa: S101 - it tells of something
    event = event_id(change.active, change.after.symbol, change.after.bar_time)
    return f"msg_{event.hex}_{change.after.messages}"


def body(change: Change, at: datetime) -> str:
    """Return the body as JSON; `at` is when the alert changed."""
    event, rule = change.after, change.active.rule
    assert event is not None  # noqa: S101 - it tells of something
    data: dict[str, Any] = {
        "id": str(event_id(change.active, event.symbol, event.bar_time)),
        "number": event.messages,
        "rule": rule.name,
        "symbol": event.symbol,
        "interval": event.interval,
        "basis": rule.basis,
        "bar_time": _text(event.bar_time),
        "session_date": event.session.isoformat(),
        "is_late": event.is_late,
        "figures": dict(event.figures),
        "text": sentence(change),
    }
    told = {"type": change.message, "timestamp": _text(at), "data": data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def sentence(change: Change) -> str:
    """Return the message for a person, in a line."""
    event, rule = change.after, change.active.rule
    assert event is not None  # noqa: S101 - it tells of something
    what = rule.condition.sentence(event.figures)
    when = f"{event.interval} bar of {event.bar_time:%Y-%m-%d %H:%M} UTC"
    if change.message == TELL_RETRACTED:
        return f"{event.symbol}: taken back by later data: {what} ({rule.name}, {when})"
    again = "" if change.message == TELL_FIRED else "after all: "
    late = ", late" if event.is_late else ""
    return f"{event.symbol}: {again}{what} ({rule.name}, {when}{late})"


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
