"""Lets Spark load and compile what a batch needs before the first batch needs it.

A session's first decoding costs seconds of class loading and code generation. Paid here, they
pass while Kafka and the producer are still starting.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from services.stream.decoding.copy_text import outcomes
from services.stream.decoding.spark_decode import decode
from services.stream.sink.dispatch import bounded
from services.stream.sink.executor_task import REPORT_SCHEMA

_RECORDS = (
    "select cast(null as binary) as key, cast(null as binary) as value, 0 as partition, "
    "cast(0 as bigint) as offset, current_timestamp() as timestamp from range(1)"
)


def warm_up(session: SparkSession) -> None:
    """Take one record of nothing the way of good records, to the driver and to an executor's
    Python, and forget it."""
    _run(bounded(session.sql(_RECORDS)))


def warm_up_fallback(session: SparkSession) -> None:
    """The same by the fallback path, which takes several seconds."""
    _run(outcomes(decode(session.sql(_RECORDS))))


def _run(frame: DataFrame) -> None:
    frame.toArrow()
    frame.mapInArrow(_drop, REPORT_SCHEMA).collect()


def _drop(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for _ in batches:
        yield from ()
