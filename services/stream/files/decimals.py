"""Numbers of a file as the decimal strings that a bar holds, exact: no float on the way. Pure."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from services.common.market.bar import PRICE_PATTERN, VOLUME_PATTERN

_PRICE = re.compile(PRICE_PATTERN)
_VOLUME = re.compile(VOLUME_PATTERN)
_NUMBER = re.compile(r"\+?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,2})?")
_EXACT = Context(prec=120)
_ONE = Decimal(1)
NO_VOLUME = frozenset(("", "nan", "NaN", "null", "None"))


class NumberFormatError(ValueError):
    """A text that is no number of a bar."""


def price(text: str, unit: Decimal = _ONE, decimals: int | None = None) -> str:
    """Return a price, so many units of the file, as plain digits. Raises NumberFormatError."""
    if unit == 1 and decimals is None and _PRICE.fullmatch(text):
        return text
    return _checked(_scaled(text, unit, decimals), _PRICE)


def volume(text: str, decimals: int | None = None) -> str | None:
    """Return a volume as plain digits, None where there is none. Raises NumberFormatError."""
    if decimals is None and _VOLUME.fullmatch(text):
        return text
    if text in NO_VOLUME:
        return None
    return _checked(_scaled(text, _ONE, decimals), _VOLUME)


def _scaled(text: str, unit: Decimal, decimals: int | None) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise NumberFormatError(text[:40])
    number = _EXACT.multiply(Decimal(text), unit)
    if decimals is None:
        return number
    smallest = Decimal((0, (1,), -decimals))
    try:
        return number.quantize(smallest, rounding=ROUND_HALF_EVEN, context=_EXACT)
    except InvalidOperation:  # more digits than any number of a market
        raise NumberFormatError(text[:40]) from None


def _checked(number: Decimal, form: re.Pattern[str]) -> str:
    digits = f"{number:f}"
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    if not form.fullmatch(digits):
        raise NumberFormatError(digits[:40])
    return digits
