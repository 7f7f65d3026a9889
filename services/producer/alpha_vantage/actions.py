"""Turns the answers of SPLITS and DIVIDENDS into CorporateAction events. Pure.

The vendor writes a ratio with four decimals and lists spin-offs among the splits. What is no date
or no number stays as it is: the stream rejects it with its bytes kept, so that nothing is dropped
in silence.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from math import ceil, floor
from typing import Any, Final

from services.common.market.corporate_action import CorporateAction
from services.producer.series import SPLITS, Series

_LONGEST_TEXT: Final = 40
_HALF_STEP: Final = Fraction(1, 20_000)
_ROUND_COUNTS: Final = (1_000, 500, 100, 50, 25, 10, 5, 1)
_MOST_OLD_SHARES: Final = 20
"""3-for-2, 21-for-20: a ratio of whole shares has few of them on its smaller side."""
_LARGEST_SPIN_OFF: Final = 2
_EX_DATES: Final = ("ex_dividend_date", "ex_date")


@dataclass(frozen=True)
class Seen:
    """What holds for all actions of one answer. `observed_at` is the UTC instant of arrival."""

    series: Series
    source: str
    observed_at: datetime


def split_ratio(factor: str) -> tuple[str, Fraction] | None:
    """Return the kind, split or spin_off, and the exact ratio that a factor stands for.

    A factor that whole shares explain is their ratio: 0.3333 is 1:3, 1.5000 is 3:2. Any other one
    between 1 and 2 tells how a spin-off changed the price, and is exact as it stands.
    """
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", factor, re.ASCII):
        return None
    value = Fraction(factor)
    if value <= 0:
        return None
    if value.denominator == 1:
        return "split", value
    if value < 1:
        inverse = _rounded_inverse(value)
        return "split", inverse if inverse is not None else _shares(value) or value
    shares = _shares(value)
    if shares is not None:
        return "split", shares
    return ("spin_off" if value < _LARGEST_SPIN_OFF else "split"), value


def _rounded_inverse(value: Fraction) -> Fraction | None:
    """Return 1:n, with the roundest n of those that are written so."""
    if value <= _HALF_STEP:
        return Fraction(1, ceil(1 / value))
    least, most = ceil(1 / (value + _HALF_STEP)), floor(1 / (value - _HALF_STEP))
    for count in _ROUND_COUNTS:
        first = ceil(Fraction(least, count)) * count
        if first <= most:
            return Fraction(1, first)
    return None


def _shares(value: Fraction) -> Fraction | None:
    nearest = value.limit_denominator(_MOST_OLD_SHARES)
    if abs(nearest - value) <= _HALF_STEP:
        return nearest
    # A stock dividend is a whole percentage.
    return value if (100 * value).denominator == 1 else None


def parse_actions(rows: Sequence[Any], seen: Seen) -> list[CorporateAction]:
    """Return the actions of a list, oldest first; a row that stands there twice is one."""
    made = _split if seen.series.interval == SPLITS else _dividend
    fields = [row if isinstance(row, dict) else {} for row in rows]
    actions = sorted({made(row, seen) for row in fields}, key=_order)
    numbers: Counter[tuple[str, str]] = Counter()
    numbered = []
    for action in actions:
        day = (action.kind, action.ex_date)
        numbered.append(replace(action, number=numbers[day]))
        numbers[day] += 1
    return numbered


def _order(action: CorporateAction) -> tuple[str, ...]:
    return action.ex_date, action.kind, action.vendor_value, action.declaration_date


def _split(row: Mapping[str, Any], seen: Seen) -> CorporateAction:
    factor = _text(row, "split_factor")
    kind, ratio = split_ratio(factor) or ("split", None)
    return replace(
        _action(seen, kind, _text(row, "effective_date"), factor),
        numerator="" if ratio is None else str(ratio.numerator),
        denominator="" if ratio is None else str(ratio.denominator),
    )


def _dividend(row: Mapping[str, Any], seen: Seen) -> CorporateAction:
    amount = _text(row, "amount")
    ex_date = next(filter(None, (_text(row, name) for name in _EX_DATES)), "")
    return replace(
        _action(seen, "dividend", ex_date, amount),
        amount=amount,
        declaration_date=_text(row, "declaration_date"),
        record_date=_text(row, "record_date"),
        payment_date=_text(row, "payment_date"),
    )


def _action(seen: Seen, kind: str, ex_date: str, vendor_value: str) -> CorporateAction:
    return CorporateAction(
        symbol=seen.series.symbol,
        kind=kind,
        ex_date=ex_date,
        number=0,
        numerator="",
        denominator="",
        amount="",
        vendor_value=vendor_value,
        declaration_date="",
        record_date="",
        payment_date="",
        is_withdrawn=False,
        source=seen.source,
        observed_at=seen.observed_at.strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{seen.observed_at.microsecond // 1000:03d}Z",
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    """Return a field as it was sent; the vendor writes None for what it does not know."""
    value = row.get(name)
    if value is None or value in ("None", "null", "-"):
        return ""
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")[:_LONGEST_TEXT]


def identity(action: CorporateAction) -> str:
    """Return what tells an action from the others of its list."""
    return f"{action.ex_date} {action.kind} {action.number}"


def withdrawn(name: str, seen: Seen) -> CorporateAction:
    """Return the event that the vendor no longer lists the action of this identity."""
    ex_date, kind, number = name.rsplit(" ", 2)
    action = _action(seen, kind, ex_date, "")
    return replace(action, number=int(number), is_withdrawn=True)


def fingerprint(action: CorporateAction) -> bytes:
    """Return 16 bytes that change when the content does; observation time is no content."""
    content = replace(action, observed_at="").to_json()
    return hashlib.blake2b(content, digest_size=16).digest()
