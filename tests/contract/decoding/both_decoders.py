"""Kafka's records read by the way of good records and by Spark's rules, to be compared."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.decoding.arrow_fields import FallbackError
from services.stream.decoding.copy_text import outcomes
from services.stream.decoding.spark_decode import decode
from tests.contract.decoding.test_canonical import BARS, SENT_AT
from tests.staged_lines import values

RECORDS = pa.schema(
    [
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("timestamp", pa.timestamp("us", "UTC")),
        ("key", pa.binary()),
        ("value", pa.binary()),
    ]
)
OF_ROWS_ALONE = ("symbol", "interval", "bar_time")
Pair = tuple[bytes | None, bytes | None]


def batch(pairs: list[Pair], first: int = 0) -> pa.RecordBatch:
    """Return keys and values as Kafka's records, in Arrow, from the offset `first` on."""
    rows = [
        {"partition": 3, "offset": offset, "timestamp": SENT_AT, "key": key, "value": value}
        for offset, (key, value) in enumerate(pairs, first)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=RECORDS)


def is_sure(pair: Pair) -> bool:
    """Return whether a record is accepted, alone in its batch."""
    try:
        fast_outcomes(batch([pair]))
    except FallbackError:
        return False
    return True


def quickly(pairs: list[Pair], first: int = 0) -> list[dict[str, Any]]:
    """Return what the records are as columns, with the values of their rows for COPY."""
    return told(fast_outcomes(batch(pairs, first)))


def told(outcomes: pa.RecordBatch) -> list[dict[str, Any]]:
    """Return the columns of outcomes, with the values of their rows for COPY."""
    rows = outcomes.drop_columns([*OF_ROWS_ALONE]).to_pylist()
    return [row | {"line": values(row["line"])} for row in rows]


def slowly(session: SparkSession, pairs: list[Pair]) -> list[dict[str, Any]]:
    """Return what Spark's rules make of the records, with the values of their lines for COPY."""
    columns = "partition int, offset bigint, timestamp timestamp, key binary, value binary"
    rows = [(3, offset, SENT_AT, *pair) for offset, pair in enumerate(pairs)]
    decoded = outcomes(decode(session.createDataFrame(rows, columns)))
    rows_ = sorted(decoded.toArrow().to_pylist(), key=lambda row: row["offset"])
    return [row | {"line": values(row["line"])} for row in rows_]


def good_pairs() -> list[Pair]:
    """Return the canonical bars that are good, as keys and values."""
    return [(event.key(), event.to_json()) for event in BARS[:-6]]


def compare(session: SparkSession, pairs: list[Pair], least: int) -> None:
    """Compare both ways over the records that are sure, of which there are `least` or more."""
    sure = [pair for pair in pairs if is_sure(pair)]
    assert len(sure) >= least
    # Each alone: numbers of very different lengths in one batch are in doubt.
    read = [row for place, pair in enumerate(sure) for row in quickly([pair], place)]
    assert read == slowly(session, sure)
