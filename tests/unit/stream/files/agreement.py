"""The two decoders of files beside each other: rows one by one, and whole columns at a time."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from services.stream.decoding.copy_binary import ROW_COLUMNS
from services.stream.files.columnar.decode import ColumnDecoder, Piece
from services.stream.files.decode import DecodedRow, Decoder
from services.stream.files.layout import FileError, Layout
from services.stream.importing.outcomes import outcomes, piece_outcomes
from services.stream.importing.sources import Source

NUMBERS = ("open", "high", "low", "close", "volume")


def require_agreement(source: Source, most_rows: int = 1000) -> None:
    """Assert that both decoders make the same of every row of a file, and of its end."""
    rows, broken = _by_rows(source)
    pieces, also_broken = _by_columns(source, most_rows)
    told = _told([batch for piece in pieces for batch in piece_outcomes(source, piece)])
    told_by_rows = _told(outcomes(source, rows))
    again = [row for piece in pieces for row in piece.again()]
    assert also_broken == broken
    if broken is not None:
        # Of what is unpacked before the damage one may have got hold of more than the other.
        count = min(len(rows), len(again))
        assert count or not rows
        rows, again = rows[:count], again[:count]
        told, told_by_rows = told[:count], told_by_rows[:count]
    assert told == told_by_rows
    assert again == rows


def _by_rows(source: Source) -> tuple[list[DecodedRow], str | None]:
    found: list[DecodedRow] = []
    try:
        decoder = Decoder(source.path, source.layout, source.observed_at)
        found.extend(decoder.rows(source.begun))
    except FileError as error:
        return found, str(error)
    return found, None


def _by_columns(source: Source, most_rows: int) -> tuple[list[Piece], str | None]:
    found: list[Piece] = []
    decoder = ColumnDecoder(source.path, source.layout, source.observed_at)
    try:
        for part in decoder.parts(most_rows, source.begun):
            assert sum(len(piece.numbers) for piece in part) <= most_rows
            found += part
    except FileError as error:
        return found, str(error)
    return found, None


def source_of(path: Path, layout: Layout, seen: object, begun: int = 0) -> Source:
    """Return a file as a source of the ledger."""
    return Source(path, "file:x", 3, seen, layout, begun)  # type: ignore[arg-type]


def _told(batches: list[pa.RecordBatch]) -> list[dict[str, object]]:
    """Return what becomes of each row, in their order; of good ones without their bytes."""
    told = []
    for row in (row for batch in batches for row in batch.to_pylist()):
        if row["reason"] is None:
            row |= {"line": stored(row["line"]), "key": None, "value": None}
        told.append(row)
    return sorted(told, key=lambda row: int(row["offset"]))


def stored(line: bytes) -> dict[str, bytes | str | None]:
    """Return the fields of a row of COPY's binary format, its numbers as PostgreSQL writes them."""
    fields: list[bytes | None] = []
    rest = line
    while rest:
        length = int.from_bytes(rest[:4], signed=True)
        fields.append(None if length < 0 else rest[4 : 4 + length])
        rest = rest[4 + max(0, length) :]
    values: dict[str, bytes | str | None] = dict(zip(ROW_COLUMNS, fields, strict=True))
    return values | {name: _number(values[name]) for name in NUMBERS}


def _number(field: bytes | str | None) -> str | None:
    """Return a numeric as PostgreSQL would write it: its digits in base 10,000, its scale."""
    if not isinstance(field, bytes):
        return None
    count, weight, sign, scale = (int.from_bytes(field[n : n + 2]) for n in (0, 2, 4, 6))
    assert (sign, len(field)) == (0, 8 + 2 * count)
    digits = "".join(f"{int.from_bytes(field[n : n + 2]):04}" for n in range(8, len(field), 2))
    whole, fraction = digits[: 4 * (weight + 1)], digits[4 * (weight + 1) :]
    assert not fraction[scale:].strip("0")
    return (whole.lstrip("0") or "0") + (f".{fraction[:scale].ljust(scale, '0')}" if scale else "")
