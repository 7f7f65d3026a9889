"""Bars of a file become rows of COPY's binary format, with every digit that the file has."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from services.stream.decoding.copy_binary import ROW_COLUMNS
from services.stream.files.decode import Decoder
from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from services.stream.importing.outcomes import outcomes
from services.stream.importing.sources import Source
from tests.unit.stream.files.samples import SEEN, write

NAMES = "time,open,high,low,close,volume"
KNOWN = Answers(symbol="CRYPTO:SHIB/USD", interval="1min", zone="UTC", label="start", basis="raw")
NUMBERS = ("open", "high", "low", "close", "volume")


def _outcomes(folder: Path, *values: str) -> pa.Table:
    """Return what becomes of rows with these values, a minute apart."""
    rows = [f"2026-11-27 14:{minute:02}:00,{row}" for minute, row in enumerate(values)]
    path = write(folder, "x.csv", NAMES, *rows)
    layout = recognise(path, KNOWN).layout
    decoded = list(Decoder(path, layout, SEEN).rows())
    return pa.Table.from_batches(outcomes(Source(path, "file:x", 0, SEEN, layout), decoded))


def _stored(line: bytes) -> tuple[str | None, ...]:
    """Return the numbers in a row of COPY's binary format."""
    fields, rest = [], line
    while rest:
        length = int.from_bytes(rest[:4], signed=True)
        fields.append(None if length < 0 else rest[4 : 4 + length])
        rest = rest[4 + max(0, length) :]
    values = dict(zip(ROW_COLUMNS, fields, strict=True))
    return tuple(_number(values[name]) for name in NUMBERS)


def _number(field: bytes | None) -> str | None:
    """Return a numeric as PostgreSQL would write it: its digits in base 10,000, its scale."""
    if field is None:
        return None
    count, weight, sign, scale = (int.from_bytes(field[n : n + 2]) for n in (0, 2, 4, 6))
    assert (sign, len(field)) == (0, 8 + 2 * count)
    digits = "".join(f"{int.from_bytes(field[n : n + 2]):04}" for n in range(8, len(field), 2))
    whole, fraction = digits[: 4 * (weight + 1)], digits[4 * (weight + 1) :]
    assert not fraction[scale:].strip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction[:scale]}" if scale else "")


@pytest.mark.parametrize(
    "row",
    [
        "0.00000853,0.00000860,0.00000850,0.00000855,8563948173623.00000000",
        "0.00000853,0.00000860,0.00000850,0.00000855,12345678901.12345678",
        "12345678.1234567891,12345678.1234567892,12345678.1234567890,12345678.1234567891,1",
        "999999999999.9999999999,999999999999.9999999999,1,2.5,9999999999999999999.9999999999",
        "1.0000000000000,2.00,1.0,1,0.0000000001000000000000",
        "1,2,1,2,0",
        "1,2,1,2,",
    ],
)
def test_every_number_that_a_bar_may_have_is_stored(tmp_path: Path, row: str) -> None:
    found = _outcomes(tmp_path, "10.50,11,10,10.75,1200", row, "10.50,11,10,10.75,1200")

    values = (
        tuple(text or None for text in each.split(",")) for each in ("10.50,11,10,10.75,1200", row)
    )
    usual, long = values
    in_order = found.sort_by("offset")
    assert in_order.column("reason").to_pylist() == [None] * 3
    assert [_stored(line) for line in in_order.column("line").to_pylist()] == [usual, long, usual]


def test_many_long_numbers_take_no_batch_each(tmp_path: Path) -> None:
    row = "0.00000853,0.00000860,0.00000850,0.00000855,8563948173623.00000000"

    found = _outcomes(tmp_path, *[row] * 60)

    assert (len(found), found.column("line").num_chunks) == (60, 1)
