"""Arrow batches of outcomes: counted, ordered by bar, and cut into the bytes that COPY takes.

Pure, and whole columns at a time: nothing here costs Python any work per good row.
"""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from services.stream.records import RejectedRecord
from services.stream.sink.offset_ledger import Tally

OUTCOME_SCHEMA = pa.schema(
    [
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("kafka_timestamp", pa.timestamp("us", "UTC")),
        ("bar_key", pa.string()),
        ("observed_at", pa.timestamp("us", "UTC")),
        ("line", pa.string()),
        ("reason", pa.string()),
        ("key", pa.binary()),
        ("value", pa.binary()),
    ]
)
"""The frame that `outcomes` makes, as Arrow; a line is COPY's text."""

ROW_SCHEMA = pa.schema(
    [
        *OUTCOME_SCHEMA.set(OUTCOME_SCHEMA.get_field_index("line"), pa.field("line", pa.binary())),
        ("symbol", pa.string()),
        ("interval", pa.string()),
        ("bar_time", pa.timestamp("us", "UTC")),
    ]
)
"""The same with the fields of a row in COPY's binary format for a line, and the bar's key apart."""

_BYTES = ("key", "value")
GOOD_COLUMNS = [name for name in OUTCOME_SCHEMA.names if name not in _BYTES]
"""What is needed of a batch without rejections: all but the records' bytes."""

Tallies = dict[int, Tally]


def tally(batch: pa.RecordBatch) -> Tallies:
    """Count a batch's good and bad records per Kafka partition."""
    rows = (
        pa.table(
            {
                "partition": batch.column("partition"),
                "line": batch.column("line"),
                "reason": batch.column("reason"),
                "ms": pc.cast(
                    batch.column("kafka_timestamp"), pa.timestamp("ms", "UTC"), safe=False
                ),
            }
        )
        .group_by("partition")
        .aggregate([("line", "count"), ("reason", "count"), ("ms", "min")])
    )
    return {
        row["partition"]: Tally(
            row["line_count"], row["reason_count"], int(row["ms_min"].timestamp() * 1000)
        )
        for row in rows.to_pylist()
    }


def without_bytes(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return what is needed of a batch once its bad records are kept."""
    return batch.select([name for name in batch.schema.names if name not in _BYTES])


def total(first: Tallies, second: Tallies) -> Tallies:
    """Add up two tallies, partition by partition."""
    keys = first.keys() | second.keys()
    return {key: first.get(key, Tally()) + second.get(key, Tally()) for key in keys}


def newest(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return a batch's good rows in the order of their keys, of each bar only the newest."""
    good = batch.filter(pc.is_valid(batch.column("line")))
    ordered = good.take(pc.sort_indices(good.column("bar_key")))
    if not _repeats(ordered).true_count:
        return ordered
    # Rare enough, and dear enough, to be done only where a bar comes twice.
    order = [("bar_key", "ascending"), ("observed_at", "descending"), ("offset", "descending")]
    ordered = good.take(pc.sort_indices(good, sort_keys=order))
    first = pa.array([True]) if len(ordered) else pa.array([], pa.bool_())
    return ordered.filter(pa.concat_arrays([first, pc.invert(_repeats(ordered))]))


def _repeats(ordered: pa.RecordBatch) -> pa.BooleanArray:
    keys = ordered.column("bar_key")
    return pc.equal(keys.slice(1), keys.slice(0, max(0, len(keys) - 1)))


def line_buffer(lines: pa.StringArray | pa.BinaryArray) -> memoryview:
    """Return the bytes of lines as one buffer; null lines have none."""
    offsets = memoryview(lines.buffers()[1]).cast("B").cast("i")
    start, end = offsets[lines.offset], offsets[lines.offset + len(lines)]
    return memoryview(lines.buffers()[2])[start:end]


def is_binary(lines: pa.StringArray | pa.BinaryArray) -> bool:
    """Return whether lines are the fields of rows in COPY's binary format."""
    return bool(pa.types.is_binary(lines.type))


def rejected_records(batch: pa.RecordBatch) -> Iterator[RejectedRecord]:
    """Yield the records of a batch that carry a reason."""
    refused = batch.filter(pc.is_valid(batch.column("reason")))
    for row in refused.to_pylist():
        yield RejectedRecord(
            partition=row["partition"],
            offset=row["offset"],
            kafka_timestamp=row["kafka_timestamp"],
            key=row["key"],
            value=row["value"],
            reason=row["reason"],
        )
