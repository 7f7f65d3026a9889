"""A record of the corporate actions' topic → the action in it, or a reason to refuse it. Pure.

The rules are those of `corporate_action.schema.json`, and what a schema cannot say.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from services.common.market.bar import SOURCES, SYMBOL_PATTERN
from services.common.market.corporate_action import (
    AMOUNT_PATTERN,
    KINDS,
    MAX_NUMBER,
    SCHEMA_VERSION,
    WHOLE_PATTERN,
    CorporateAction,
)

_TEXTS: Final = (
    *("symbol", "kind", "ex_date", "numerator", "denominator", "amount", "vendor_value"),
    *("declaration_date", "record_date", "payment_date", "source", "observed_at"),
)
_DATES: Final = ("ex_date", "declaration_date", "record_date", "payment_date")
_LONGEST_VENDOR_VALUE: Final = 40
_INSTANT: Final = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
_AHEAD: Final = timedelta(days=1)


class RefusedError(Exception):
    """A record that is no action; the message is the reason's code."""


def decode(key: bytes | None, value: bytes | None, kafka_time: datetime) -> CorporateAction:
    """Return the action of a record. Raises RefusedError."""
    if value is None:
        raise RefusedError("null_value")
    if not key:
        raise RefusedError("missing_key")
    action = _read(_parse(value))
    for code, is_broken in _rules(action, kafka_time):
        if is_broken:
            raise RefusedError(code)
    if key != action.key():
        raise RefusedError("key_mismatch")
    return action


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


def _read(document: dict[str, Any]) -> CorporateAction:
    if "schema_version" not in document:
        raise RefusedError("missing_field")
    if document["schema_version"] != SCHEMA_VERSION:
        raise RefusedError("unknown_schema_version")
    try:
        fields = {name: document[name] for name in (*_TEXTS, "number", "is_withdrawn")}
    except KeyError:
        raise RefusedError("missing_field") from None
    right = (
        all(isinstance(fields[name], str) for name in _TEXTS)
        and type(fields["number"]) is int
        and isinstance(fields["is_withdrawn"], bool)
    )
    if not right:
        raise RefusedError("wrong_type")
    return CorporateAction(**fields)


def _rules(action: CorporateAction, kafka_time: datetime) -> list[tuple[str, bool]]:
    has_no_ratio = action.is_withdrawn or action.kind == "dividend"
    has_no_amount = action.is_withdrawn or action.kind != "dividend"
    ratio = (action.numerator, action.denominator)
    amount_is_right = re.fullmatch(AMOUNT_PATTERN, action.amount, re.ASCII) and action.amount.strip(
        "0."
    )
    return [
        ("bad_symbol", not re.fullmatch(SYMBOL_PATTERN, action.symbol)),
        ("bad_kind", action.kind not in KINDS),
        ("bad_source", action.source not in SOURCES),
        ("bad_number", not 0 <= action.number <= MAX_NUMBER),
        ("bad_ex_date", action.ex_date == ""),
        ("bad_date", not all(_is_date(getattr(action, name)) for name in _DATES)),
        ("bad_ratio", any(ratio) if has_no_ratio else not all(map(_is_whole, ratio))),
        ("bad_amount", action.amount != "" if has_no_amount else not amount_is_right),
        ("bad_vendor_value", not _is_short_text(action.vendor_value)),
        ("bad_observed_at", not _is_instant(action.observed_at, kafka_time)),
    ]


def _is_whole(text: str) -> bool:
    return re.fullmatch(WHOLE_PATTERN, text, re.ASCII) is not None


def _is_short_text(text: str) -> bool:
    # PostgreSQL's text holds no zero byte and no half of a surrogate pair.
    return len(text) <= _LONGEST_VENDOR_VALUE and text.isprintable()


def _is_date(text: str) -> bool:
    if text == "":
        return True
    try:
        return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None and bool(
            date.fromisoformat(text)
        )
    except ValueError:
        return False


def _is_instant(text: str, kafka_time: datetime) -> bool:
    # Judged against the record's own Kafka time, so that a replay judges as the first read did.
    if re.fullmatch(_INSTANT, text, re.ASCII) is None:
        return False
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return False
    return datetime(1970, 1, 1, tzinfo=UTC) <= instant <= kafka_time + _AHEAD
