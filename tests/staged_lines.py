"""What a line for COPY says, its text or the fields of its binary format: values by columns."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact

from services.stream.decoding.copy_binary import ROW_COLUMNS
from services.stream.decoding.copy_text import LINE_COLUMNS

Value = str | Decimal | int | bool | date | datetime | None

_NULL = "\\N"
_EXACT = Context(prec=60, traps=[Inexact])
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def _number(digits: bytes) -> Decimal:
    count, weight, sign, scale, *parts = struct.unpack(f">hhHh{(len(digits) - 8) // 2}h", digits)
    assert (count, sign) == (len(parts), 0)
    assert all(0 <= part < 10_000 for part in parts)
    exact = sum(
        (part * Decimal(10_000) ** (weight - place) for place, part in enumerate(parts)), Decimal(0)
    )
    # With as many digits after the point as were sent.
    return exact.quantize(Decimal(1).scaleb(-scale), context=_EXACT)


def _integer(content: bytes) -> int:
    return int.from_bytes(content, "big", signed=True)


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _of_each(**kinds: str) -> dict[str, str]:
    return {name: kind for kind, names in kinds.items() for name in names.split()}


_KINDS = _of_each(
    text="symbol interval source freshness basis",
    flag="is_final",
    number="open high low close volume",
    integer="kafka_partition kafka_offset",
    day="session_date",
    instant="bar_time observed_at",
)
_FROM_BYTES: Mapping[str, Callable[[bytes], Value]] = {
    "text": bytes.decode,
    "flag": lambda content: {b"\0": False, b"\1": True}[content],
    "number": _number,
    "integer": _integer,
    "day": lambda content: (_EPOCH + timedelta(days=_integer(content))).date(),
    "instant": lambda content: _EPOCH + timedelta(microseconds=_integer(content)),
}
_FROM_TEXT: Mapping[str, Callable[[str], Value]] = {
    "text": str,
    "flag": lambda text: {"false": False, "true": True}[text],
    "number": Decimal,
    "integer": int,
    "day": date.fromisoformat,
    "instant": _instant,
}


def values(line: str | bytes) -> dict[str, Value]:
    """Return the values of a line, of which nothing may be left over."""
    if isinstance(line, str):
        assert line.endswith("\n")
        texts = zip(LINE_COLUMNS, line[:-1].split("\t"), strict=True)
        return {
            name: None if text == _NULL else _FROM_TEXT[_KINDS[name]](text) for name, text in texts
        }
    place = 0
    found: dict[str, Value] = {}
    for name in ROW_COLUMNS:
        begin = place + 4
        length = _integer(line[place:begin])
        place = begin + max(0, length)
        found[name] = None if length < 0 else _FROM_BYTES[_KINDS[name]](line[begin:place])
    assert place == len(line)
    return found
