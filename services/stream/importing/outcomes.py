"""Decoded rows → the outcomes that the sink applies. Pure.

A bar of the row decoder takes the way of a record of Kafka: written as the event that the producer
would send, and read by the same decoder. Bars in whole columns are written as that decoder would
write them. What a row was refused for, and its bytes with file and line, go beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.stream.decoding import copy_binary
from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.decoding.arrow_fields import FallbackError
from services.stream.files.columnar.decode import Bars, Piece
from services.stream.files.columnar.numbers import Mask
from services.stream.files.columnar.starts import MINUTE_US
from services.stream.files.columnar.written_times import DAY_US, microseconds
from services.stream.files.decode import FRESHNESS, SOURCE, DecodedRow
from services.stream.files.layout import Layout
from services.stream.importing.sources import Source
from services.stream.sink.staging import ROW_SCHEMA

_INSTANT = pa.timestamp("us", "UTC")
_CLOCKS = np.array([f"{hour:02}:{minute:02}:00" for hour in range(24) for minute in range(60)], "S")
UNDECODED = "undecodable_bar"
"""What a bar is refused for that keeps every rule of files, but not all of the decoder's."""


def piece_outcomes(source: Source, piece: Piece) -> list[pa.RecordBatch]:
    """Return batches of ROW_SCHEMA that tell of each row of a piece what is to become of it; of
    good rows without their bytes."""
    batches = [_columns(source, bars) for bars in piece.bars]
    return [*batches, *outcomes(source, piece.rows)] if piece.rows else batches


def outcomes(source: Source, rows: Sequence[DecodedRow]) -> list[pa.RecordBatch]:
    """Return batches of ROW_SCHEMA that tell of each row what is to become of it."""
    good = [row for row in rows if row.bar is not None]
    bad = [row for row in rows if row.bar is None]
    batches = _good(source, good)
    return [*batches, _refused(source, bad)] if bad else batches


def _columns(source: Source, bars: Bars) -> pa.RecordBatch:
    size = len(bars.places)
    partition = pa.array(np.full(size, source.partition, np.int32))
    offset = pa.array(bars.numbers + source.offset(0))
    source.offset(int(bars.numbers[-1]))
    seen = pa.array(np.full(size, microseconds(source.observed_at))).cast(_INSTANT)
    names = bars.symbols.dictionary.to_pylist()
    texts = pa.array(names, pa.string()).take(bars.symbols.indices)
    heads = pa.array(map(copy_binary.head, names), pa.binary()).take(bars.symbols.indices)
    fixed = copy_binary.starts(bars.interval, bars.begins, bars.days)
    values = copy_binary.values(bars.prices, bars.volume, seen, partition, offset)
    columns = {
        "partition": partition,
        "offset": offset,
        "kafka_timestamp": seen,
        "symbol": texts,
        "interval": pa.array([bars.interval], pa.string()).take(pa.array(np.zeros(size, np.int8))),
        "bar_time": pa.array(bars.begins).cast(_INSTANT),
        "bar_key": pc.binary_join_element_wise(texts, _key_texts(bars), "\t"),
        "observed_at": seen,
        "line": copy_binary.joined(heads, fixed, _origins(source.layout, bars.is_final), values),
    }
    return pa.RecordBatch.from_arrays(
        [columns.get(each.name, pa.nulls(size, each.type)) for each in ROW_SCHEMA],
        schema=ROW_SCHEMA,
    )


def _origins(layout: Layout, is_final: Mask) -> pa.BinaryArray:
    both = [copy_binary.origin(SOURCE, FRESHNESS, layout.mark, flag) for flag in (False, True)]
    return pa.array(both, pa.binary()).take(pa.array(is_final.astype(np.int8)))


def _key_texts(bars: Bars) -> pa.StringArray:
    """Return the texts that a bar's key ends with, as the event's decoder writes them."""
    days, minutes = np.divmod(bars.begins // MINUTE_US, DAY_US // MINUTE_US)
    different, places = np.unique(days, return_inverse=True)
    texts = np.datetime_as_string(different.astype("datetime64[D]")).astype("S10")
    end = f"\t{bars.interval}".encode()
    row = np.dtype([("day", "S10"), ("space", "S1"), ("clock", "S8"), ("end", f"S{len(end)}")])
    rows = np.empty(len(days), row)
    rows["day"], rows["space"], rows["end"] = texts[places], b" ", end
    rows["clock"] = _CLOCKS[minutes]
    ends = np.arange(len(rows) + 1, dtype=np.int32) * row.itemsize
    return pa.StringArray.from_buffers(len(rows), pa.py_buffer(ends), pa.py_buffer(rows))


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
