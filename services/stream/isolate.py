"""Finds the rows that the database refuses, so that one of them cannot stop the others.

Taken only after a whole batch failed with an error of the data: rows come back to the driver
with their bytes, a chunk at a time, and each chunk is halved until the culprit stands alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import pyarrow as pa
from pyspark.sql import DataFrame, Row

from services.stream.faults import DatabaseError, Fault
from services.stream.merged import Merged
from services.stream.outcomes import outcomes
from services.stream.postgres import Session, Staging
from services.stream.stage import OUTCOME_SCHEMA, Tallies, stage, total

CHUNK_ROWS = 500


def merge_isolating(
    session: Session, staging: Staging, decoded: DataFrame
) -> tuple[Merged, Tallies]:
    """Merge `decoded` inside the caller's transaction; refused rows become rejections.

    Returns what was merged and the tallies, refused rows among the bad ones. Raises
    DatabaseError for any fault that is not the data's.
    """
    merged, tallies = Merged.nothing(), Tallies()
    for chunk in _chunks(outcomes(decoded, keep_bytes=True)):
        part, seen = _merge_or_halve(session, staging, chunk)
        merged, tallies = merged + part, total(tallies, seen)
    return merged, tallies


def _chunks(frame: DataFrame) -> Iterator[pa.RecordBatch]:
    rows: Iterator[Row] = iter(frame.toLocalIterator())
    while chunk := [row.asDict() for row in islice(rows, CHUNK_ROWS)]:
        yield pa.RecordBatch.from_pylist(chunk, schema=OUTCOME_SCHEMA)


def _merge_or_halve(
    session: Session, staging: Staging, chunk: pa.RecordBatch
) -> tuple[Merged, Tallies]:
    try:
        with session.transaction():
            seen = stage(session, staging, [chunk])
            merged = session.merge(staging)
            session.empty(staging)
            return merged, seen
    except DatabaseError as error:
        if error.fault is not Fault.DATA:
            raise
        if len(chunk) == 1:
            return Merged.nothing(), stage(session, staging, [_rejected(chunk, error)])
    half = len(chunk) // 2
    first, first_seen = _merge_or_halve(session, staging, chunk.slice(0, half))
    second, second_seen = _merge_or_halve(session, staging, chunk.slice(half))
    return first + second, total(first_seen, second_seen)


def _rejected(row: pa.RecordBatch, error: DatabaseError) -> pa.RecordBatch:
    [values] = row.to_pylist()
    values |= {"line": None, "reason": f"database_{error.sqlstate}"}
    return pa.RecordBatch.from_pylist([values], schema=OUTCOME_SCHEMA)
