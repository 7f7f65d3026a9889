"""Turns an answer's time series into Bar events, oldest first. Pure.

A single absurd bar stays what it is: the stream rejects it with its bytes kept, so that
nothing is dropped in silence.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final

from services.common.market.bar import Bar, Ohlcv, price_basis
from services.producer.alpha_vantage.shapes import PRICES, field_names
from services.producer.series import Series

# Bounded: an exponent can ask for more digits than there is memory.
_EXPONENT: Final = re.compile(r"[0-9]{1,50}(\.[0-9]{0,50})?[eE][+-]?[0-9]{1,2}", re.ASCII)


_NO_PRICES: Final = Ohlcv("", "", "", "", None)


@dataclass(frozen=True)
class Observation:
    """What holds for all bars of one answer. `observed_at` is the UTC instant of arrival."""

    series: Series
    zone: str
    source: str
    freshness: str
    adjusted: bool
    observed_at: datetime


def parse_bars(
    times: Mapping[str, Any], seen: Observation, is_final: Callable[[str], bool]
) -> list[Bar]:
    """Return the bars of a time series; `is_final` judges each by its exchange time."""
    observed_at = seen.observed_at.strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{seen.observed_at.microsecond // 1000:03d}Z"
    )
    names = field_names(times)
    numbers = itemgetter(*(names[name] for name in (*PRICES, "volume")))
    one = Bar(
        symbol=seen.series.symbol,
        interval=seen.series.interval,
        exchange_time="",
        exchange_tz=_encodable(seen.zone),
        ohlcv=_NO_PRICES,
        source=seen.source,
        freshness=seen.freshness,
        adjusted=seen.adjusted,
        is_final=False,
        observed_at=observed_at,
    )
    return [
        one.at(
            exchange_time if exchange_time.isascii() else _encodable(exchange_time),
            _ohlcv(times[exchange_time], names, numbers),
            is_final(exchange_time),
        )
        for exchange_time in sorted(times)
    ]


def _ohlcv(fields: Any, names: Mapping[str, str], numbers: Callable[[Any], Any]) -> Ohlcv:
    """Return the numbers of a bar; `numbers` takes the five that are named out of it, if it can."""
    try:
        sent = numbers(fields)
        if _is_plain("".join(sent)):
            return Ohlcv(*sent)
    except (KeyError, TypeError):  # one is missing, or no text
        pass
    if not isinstance(fields, dict):
        # Not a bar at all: its text travels in the first field, so that it can be seen later.
        return Ohlcv(_text(fields), "", "", "", "")
    volume = fields.get(names["volume"])
    opened, high, low, close = [_text(fields.get(names[name], "")) for name in PRICES]
    return Ohlcv(opened, high, low, close, None if volume is None else _text(volume))


def _is_plain(text: str) -> bool:
    return text.isascii() and "e" not in text and "E" not in text


def _text(value: Any) -> str:
    """Return a number with the digits that were sent, its exponent resolved without rounding."""
    if type(value) is str and _is_plain(value):
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    if _EXPONENT.fullmatch(text):
        return format(Decimal(text), "f")
    return _encodable(text)


def _encodable(text: str) -> str:
    # A lone surrogate, which JSON can spell, has no UTF-8 form; its escape has.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def fingerprint(bar: Bar) -> bytes:
    """Return 16 bytes that change when the bar's content does; observation time is no content."""
    basis = price_basis(bar.adjusted, bar.adjusted_as_of)
    content = "\x1f".join(
        (
            *bar.ohlcv[:4],
            str(bar.ohlcv.volume),
            bar.exchange_tz,
            basis,
            str(bar.is_final),
            bar.source,
        )
    )
    return hashlib.blake2b(content.encode(), digest_size=16).digest()
