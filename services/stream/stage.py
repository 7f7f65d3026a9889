"""Arrow batches of outcomes → staged rows and a tally per Kafka partition.

The same function serves the driver, for small batches, and the executors, each over its own
connection, for large ones. Nothing here assumes that they share a disk or a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from services.stream import postgres
from services.stream.faults import DatabaseError
from services.stream.ledger import Tally
from services.stream.merged import RejectedRecord
from services.stream.postgres import Session, Staging
from services.stream.settings import PostgresAddress

STAGED_SCHEMA = (
    "partition int, good bigint, bad bigint, oldest_ms bigint, sqlstate string, message string"
)
"""What an executor reports: a row for each partition, or one row with the error it met."""

_REPORT = pa.schema(
    [
        ("partition", pa.int32()),
        ("good", pa.int64()),
        ("bad", pa.int64()),
        ("oldest_ms", pa.int64()),
        ("sqlstate", pa.string()),
        ("message", pa.string()),
    ]
)

OUTCOME_SCHEMA = pa.schema(
    [
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("kafka_timestamp", pa.timestamp("us", "UTC")),
        ("line", pa.string()),
        ("reason", pa.string()),
        ("key", pa.binary()),
        ("value", pa.binary()),
    ]
)
"""The frame that `outcomes` makes, as Arrow."""

Tallies = dict[int, Tally]


def stage(session: Session, staging: Staging, batches: Iterable[pa.RecordBatch]) -> Tallies:
    """Copy outcomes to the staging tables and count them. Raises DatabaseError."""
    tallies: Tallies = {}
    for batch in batches:
        counted = tally(batch)
        if any(partition.good for partition in counted.values()):
            session.copy_lines(staging, [line_buffer(batch.column("line"))])
        if any(partition.bad for partition in counted.values()):
            session.copy_rejected(staging, rejected_records(batch))
        tallies = total(tallies, counted)
    return tallies


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


def total(first: Tallies, second: Tallies) -> Tallies:
    """Add up two tallies, partition by partition."""
    keys = first.keys() | second.keys()
    return {key: first.get(key, Tally()) + second.get(key, Tally()) for key in keys}


def tallies_of(reports: Iterable[Mapping[str, Any]]) -> Tallies:
    """Add up the reports of the executors."""
    tallies: Tallies = {}
    for report in reports:
        seen = Tally(report["good"], report["bad"], report["oldest_ms"])
        tallies = total(tallies, {report["partition"]: seen})
    return tallies


def line_buffer(lines: pa.StringArray) -> memoryview:
    """Return the bytes of an Arrow string array as one buffer; null lines have none."""
    offsets = memoryview(lines.buffers()[1]).cast("B").cast("i")
    start, end = offsets[lines.offset], offsets[lines.offset + len(lines)]
    return memoryview(lines.buffers()[2])[start:end]


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


def executor_stage(
    address: PostgresAddress, token: str
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function that each executor runs over its part of a large batch.

    An error of the database is reported rather than raised, so that the driver can tell a full
    disk from a wrong row.
    """

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        try:
            session = postgres.connect(address, f"tapeline executor {token}")
            try:
                with session.transaction():
                    tallies = stage(session, Staging.shared(token), batches)
            finally:
                session.close()
        except DatabaseError as error:
            yield _report([(None, None, None, None, error.sqlstate, str(error))])
        else:
            yield _report(
                [
                    (partition, seen.good, seen.bad, seen.oldest_ms, None, None)
                    for partition, seen in tallies.items()
                ]
            )

    return run


def _report(rows: list[tuple[object, ...]]) -> pa.RecordBatch:
    columns = zip(*rows, strict=True) if rows else [()] * len(_REPORT)
    arrays = [
        pa.array(values, type=field.type) for values, field in zip(columns, _REPORT, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=_REPORT)
