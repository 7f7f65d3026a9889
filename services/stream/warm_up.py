"""Lets Spark compile the decoding before the first batch needs it.

A session's first decoding costs seconds of class loading and code generation. Paid here, they
pass while Kafka and the producer are still starting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import SparkSession

from services.stream.decode import decode
from services.stream.executor import REPORT_SCHEMA
from services.stream.outcomes import outcomes
from services.stream.stage import GOOD_COLUMNS

_RECORDS = (
    "select cast(null as binary) as key, cast(null as binary) as value, 0 as partition, "
    "cast(0 as bigint) as offset, current_timestamp() as timestamp from range(1)"
)


def warm_up(session: SparkSession) -> None:
    """Decode one record of nothing, on the driver and in an executor's Python, and forget it."""
    frame = outcomes(decode(session.sql(_RECORDS)))
    frame.select(*GOOD_COLUMNS).toArrow()
    frame.mapInArrow(_drop, REPORT_SCHEMA).collect()


def _drop(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield from ()
