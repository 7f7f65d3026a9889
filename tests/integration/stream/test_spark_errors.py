"""Spark's own errors, met for real: one line must name what went wrong."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pytest
from pyspark import SparkContext
from pyspark.sql import SparkSession

from services.stream.error_advice import summary
from services.stream.spark import runtime


def fails(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Fail as a task of the stream would, with one error behind another."""
    try:
        yield from batches
        int("no number")
    except ValueError as error:
        raise NotImplementedError("can't parse timestamptz\nwith DateStyle 'German'") from error


@pytest.mark.parametrize("collecting", ["collect", "toArrow"])
def test_the_cause_in_a_python_worker_is_named(
    spark_session: SparkSession, collecting: str
) -> None:
    frame = spark_session.range(1).mapInArrow(fails, "id bigint")
    with pytest.raises(runtime.ERRORS) as raised:
        getattr(frame, collecting)()
    assert summary(str(raised.value)) == "NotImplementedError: can't parse timestamptz"


def test_what_ctrl_c_does_is_not_for_spark_to_say(spark_session: SparkSession) -> None:
    assert spark_session.range(1).count() == 1
    assert getattr(signal.getsignal(signal.SIGINT), "__module__", "") != SparkContext.__module__


@pytest.mark.parametrize("collecting", ["collect", "toArrow"])
def test_the_cause_in_a_java_task_is_named(spark_session: SparkSession, collecting: str) -> None:
    frame = spark_session.range(1).selectExpr("raise_error('the disk is gone')")
    with pytest.raises(runtime.ERRORS) as raised:
        getattr(frame, collecting)()
    assert "the disk is gone" in summary(str(raised.value))
