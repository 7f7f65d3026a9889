"""Turns the answer of REALTIME_BULK_QUOTES into Quote events. Pure.

A number travels with the digits that were sent, and what is none stays as it is: the stream
rejects it with its bytes kept. An answer leaves out symbols that the vendor does not know; a row
of which time and prices are empty says no more than that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.common.market.quote import Quote

BULK_SYMBOLS: Final = 100
"""So many symbols one call may name; the vendor ignores further ones."""
_LONGEST_TEXT: Final = 40
_ZONE: Final = "US/Eastern"
"""An answer names no clock; the vendor has bulk quotes of what trades in the United States."""


@dataclass(frozen=True)
class Asked:
    """What holds for all quotes of one answer. `observed_at` is the UTC instant of arrival."""

    symbols: tuple[str, ...]
    source: str
    freshness: str
    observed_at: datetime


def parse_quotes(rows: Iterable[Any], asked: Asked) -> list[Quote]:
    """Return the quotes of the symbols that were asked for, one each, in their order."""
    found: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        if isinstance(row, dict):
            found.setdefault(_text(row, "symbol").upper(), row)
    quotes = (_quote(symbol, found[symbol], asked) for symbol in asked.symbols if symbol in found)
    return [each for each in quotes if each.exchange_time or each.close]


def _quote(symbol: str, row: Mapping[str, Any], asked: Asked) -> Quote:
    return Quote(
        symbol=symbol,
        exchange_time=_text(row, "timestamp"),
        exchange_tz=_ZONE,
        open=_text(row, "open"),
        high=_text(row, "high"),
        low=_text(row, "low"),
        close=_text(row, "close"),
        volume=_text(row, "volume"),
        previous_close=_text(row, "previous_close"),
        extended_hours_price=_text(row, "extended_hours_quote"),
        source=asked.source,
        freshness=asked.freshness,
        observed_at=asked.observed_at.strftime("%Y-%m-%dT%H:%M:%S.")
        + f"{asked.observed_at.microsecond // 1000:03d}Z",
    )


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    text = "" if value is None else value if isinstance(value, str) else repr(value)
    return text.strip().encode("utf-8", "backslashreplace").decode("utf-8")[:_LONGEST_TEXT]


def fingerprint(quote: Quote) -> bytes:
    """Return 16 bytes that change when the content does; observation time is no content."""
    return hashlib.blake2b(replace(quote, observed_at="").to_json(), digest_size=16).digest()


def groups_of(symbols: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the symbols in groups, each of as many as one call may name."""
    return [
        tuple(symbols[start : start + BULK_SYMBOLS])
        for start in range(0, len(symbols), BULK_SYMBOLS)
    ]
