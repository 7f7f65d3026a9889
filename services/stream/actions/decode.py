"""A record of the corporate actions' topic → the action in it, or a reason to refuse it. Pure.

The rules are those of `corporate_action.schema.json`, and what a schema cannot say.
"""

from __future__ import annotations

import re
from datetime import date, datetime
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
from services.stream.event_topics.decode import (
    RefusedError,
    fields_of,
    instant,
    is_in_range,
    read_object,
    refuse_first,
)

_TEXTS: Final = (
    *("symbol", "kind", "ex_date", "numerator", "denominator", "amount", "vendor_value"),
    *("declaration_date", "record_date", "payment_date", "source", "observed_at"),
)
_DATES: Final = ("ex_date", "declaration_date", "record_date", "payment_date")
_LONGEST_VENDOR_VALUE: Final = 40


def decode(key: bytes | None, value: bytes | None, kafka_time: datetime) -> CorporateAction:
    """Return the action of a record. Raises RefusedError."""
    action = _read(read_object(key, value, SCHEMA_VERSION))
    refuse_first(_rules(action, kafka_time))
    if key != action.key():
        raise RefusedError("key_mismatch")
    return action


def _read(document: dict[str, Any]) -> CorporateAction:
    fields = fields_of(document, (*_TEXTS, "number", "is_withdrawn"))
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
    moment = instant(text)
    return moment is not None and is_in_range(moment, kafka_time)
