"""What all events that are JSON objects keep: the reading of a record's value, and times. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

_INSTANT: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_AHEAD: Final = timedelta(days=1)
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)


class RefusedError(Exception):
    """A record that holds no such event; the message is the reason's code."""


def read_object(key: bytes | None, value: bytes | None, schema_version: int) -> dict[str, Any]:
    """Return the JSON object of a record of this version of a schema. Raises RefusedError."""
    if value is None:
        raise RefusedError("null_value")
    if not key:
        raise RefusedError("missing_key")
    document = _parse(value)
    if "schema_version" not in document:
        raise RefusedError("missing_field")
    if document["schema_version"] != schema_version:
        raise RefusedError("unknown_schema_version")
    return document


def fields_of(document: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the named fields. Raises RefusedError if one is missing."""
    try:
        return {name: document[name] for name in names}
    except KeyError:
        raise RefusedError("missing_field") from None


def refuse_first(rules: Iterable[tuple[str, bool]]) -> None:
    """Raise RefusedError with the code of the first rule that is broken."""
    for code, is_broken in rules:
        if is_broken:
            raise RefusedError(code)


def instant(text: str) -> datetime | None:
    """Return a UTC instant that is written to the millisecond, or None."""
    if re.fullmatch(_INSTANT, text, re.ASCII) is None:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def is_in_range(moment: datetime, kafka_time: datetime) -> bool:
    """Return whether an instant is neither too early nor ahead of its record by a day."""
    # Judged against the record's own Kafka time, so that a replay judges as the first read did.
    return _FIRST <= moment <= kafka_time + _AHEAD


def _parse(value: bytes) -> dict[str, Any]:
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError("invalid_utf8") from None
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise RefusedError("malformed_json") from None
    if not isinstance(document, dict):
        raise RefusedError("malformed_json")
    return document


def _refuse_constant(_name: str) -> Any:
    raise ValueError
