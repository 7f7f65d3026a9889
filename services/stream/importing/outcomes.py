"""Decoded rows → the outcomes that the sink applies. Pure.

A bar takes the way of a record of Kafka: written as the event that the producer would send, and
read by the same decoder. What a row was refused for, and its bytes with file and line, go beside
it.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.decoding.arrow_fields import FallbackError
from services.stream.files.decode import DecodedRow
from services.stream.importing.sources import Source
from services.stream.sink.staging import ROW_SCHEMA

UNDECODED = "undecodable_bar"
"""What a bar is refused for that keeps every rule of files, but not all of the decoder's."""


def outcomes(source: Source, rows: Sequence[DecodedRow]) -> list[pa.RecordBatch]:
    """Return batches of ROW_SCHEMA that tell of each row what is to become of it."""
    good = [row for row in rows if row.bar is not None]
    bad = [row for row in rows if row.bar is None]
    batches = _good(source, good)
    return [*batches, _refused(source, bad)] if bad else batches


def _good(source: Source, rows: Sequence[DecodedRow]) -> list[pa.RecordBatch]:
    if not rows:
        return []
    batch = _decoded(_records(source, rows))
    if batch is None and len(rows) == 1:
        return [_refused(source, rows, UNDECODED)]
    if batch is None:
        half = len(rows) // 2
        return _good(source, rows[:half]) + _good(source, rows[half:])
    # A row that the database refuses later keeps its bytes as well.
    for name, content in (("key", _key), ("value", _value)):
        place = batch.schema.get_field_index(name)
        column = pa.array([content(source, row) for row in rows], pa.binary())
        batch = batch.set_column(place, batch.schema.field(place), column)
    return [batch]


def _decoded(records: pa.RecordBatch) -> pa.RecordBatch | None:
    # Volumes of cheap coins have more digits than the fast path takes.
    for any_length in (False, True):
        try:
            return fast_outcomes(records, any_length)
        except FallbackError:
            continue
    return None


def _records(source: Source, rows: Sequence[DecodedRow]) -> pa.RecordBatch:
    bars = [row.bar for row in rows if row.bar is not None]
    return pa.RecordBatch.from_pydict(
        {
            **_places(source, rows),
            "key": pa.array([bar.key() for bar in bars], pa.binary()),
            "value": pa.array([bar.to_json() for bar in bars], pa.binary()),
        }
    )


def _places(source: Source, rows: Sequence[DecodedRow]) -> dict[str, pa.Array]:
    moments = [source.observed_at] * len(rows)
    return {
        "partition": pa.array([source.partition] * len(rows), pa.int32()),
        "offset": pa.array([source.offset(row.number) for row in rows], pa.int64()),
        "timestamp": pa.array(moments, pa.timestamp("us", "UTC")),
    }


def _refused(
    source: Source, rows: Sequence[DecodedRow], reason: str | None = None
) -> pa.RecordBatch:
    places = _places(source, rows)
    columns = {
        "partition": places["partition"],
        "offset": places["offset"],
        "kafka_timestamp": places["timestamp"],
        "reason": pa.array([reason or row.reason for row in rows], pa.string()),
        "key": pa.array([_key(source, row) for row in rows], pa.binary()),
        "value": pa.array([_value(source, row) for row in rows], pa.binary()),
    }
    return pa.RecordBatch.from_arrays(
        [columns.get(each.name, pa.nulls(len(rows), each.type)) for each in ROW_SCHEMA],
        schema=ROW_SCHEMA,
    )


def _key(_source: Source, row: DecodedRow) -> bytes | None:
    return None if row.symbol is None else row.symbol.encode()


def _value(source: Source, row: DecodedRow) -> bytes:
    part = "" if row.member == source.path.name else f"{row.member}:"
    return f"{source.path.name}:{part}{row.line}\t".encode() + row.raw
