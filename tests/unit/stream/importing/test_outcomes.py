"""Bars of a file become rows of COPY's binary format, with every digit that the file has."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from services.stream.files.decode import Decoder
from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from services.stream.importing.outcomes import outcomes
from services.stream.importing.sources import Source
from tests.unit.stream.files.agreement import NUMBERS, require_agreement, stored
from tests.unit.stream.files.samples import SEEN, write

NAMES = "time,open,high,low,close,volume"
KNOWN = Answers(symbol="CRYPTO:SHIB/USD", interval="1min", zone="UTC", label="start", basis="raw")


def _outcomes(folder: Path, *values: str) -> pa.Table:
    """Return what becomes of rows with these values, a minute apart."""
    rows = [f"2026-11-27 14:{minute:02}:00,{row}" for minute, row in enumerate(values)]
    path = write(folder, "x.csv", NAMES, *rows)
    layout = recognise(path, KNOWN).layout
    decoded = list(Decoder(path, layout, SEEN).rows())
    source = Source(path, "file:x", 0, SEEN, layout)
    require_agreement(source)
    return pa.Table.from_batches(outcomes(source, decoded))


def _stored(line: bytes) -> tuple[object, ...]:
    """Return the numbers in a row of COPY's binary format."""
    fields = stored(line)
    return tuple(fields[name] for name in NUMBERS)


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
