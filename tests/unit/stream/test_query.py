"""The report of a batch: counted, logged, and loud when most of it was rejected."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from pathlib import Path
from threading import Event
from typing import cast

import pytest
from pyspark.sql import SparkSession

from services.stream.metrics import Metrics
from services.stream.query import Job
from services.stream.settings import read_settings
from services.stream.sink.batch import Applied, Sink

Logged = list[tuple[str, str]]


@pytest.fixture
def job(tmp_path: Path) -> Job:
    (tmp_path / "spark-sql-kafka-0-10.jar").touch()
    settings = read_settings(
        {
            "CONNECTOR_JARS_DIR": str(tmp_path),
            "POSTGRES_PASSWORD": "unused",
            "REJECT_ALARM_RATIO": "0.5",
        }
    )
    return Job(
        session=cast("SparkSession", None),  # a report needs neither Spark nor a sink
        settings=settings,
        sink=cast("Sink", None),
        metrics=Metrics(),
        heartbeat=None,
        stopping=Event(),
        log=logging.getLogger("stream"),
        clock_seconds=lambda: 1_000.0,
        around_large_batch=nullcontext,
    )


@pytest.mark.parametrize(
    ("applied", "logged"),
    [
        pytest.param(
            Applied(stored=3, superseded=1, rejected=1, seconds=0.25, oldest_ms=999_000),
            [("INFO", "batch 7: 5 records, 3 stored, 1 superseded, 1 rejected in 0.25 s")],
            id="one of five rejected",
        ),
        pytest.param(
            Applied(rejected=4, seconds=0.25),
            [
                ("INFO", "batch 7: 4 records, 0 stored, 0 superseded, 4 rejected in 0.25 s"),
                (
                    "ERROR",
                    "batch 7: 100 % rejected, more than bad luck; see market.rejected_events",
                ),
            ],
            id="all rejected",
        ),
        pytest.param(
            Applied(stored=1, rejected=1),
            [
                ("INFO", "batch 7: 2 records, 1 stored, 0 superseded, 1 rejected in 0.00 s"),
                ("ERROR", "batch 7: 50 % rejected, more than bad luck; see market.rejected_events"),
            ],
            id="at the threshold",
        ),
        pytest.param(
            Applied(stored=1, lost=2),
            [
                ("INFO", "batch 7: 1 records, 1 stored, 0 superseded, 0 rejected in 0.00 s"),
                ("ERROR", "batch 7: 2 offsets held no record"),
            ],
            id="a hole",
        ),
        pytest.param(
            Applied(),
            [("INFO", "batch 7: 0 records, 0 stored, 0 superseded, 0 rejected in 0.00 s")],
            id="nothing to do",
        ),
    ],
)
def test_a_batch_is_one_line_and_an_alarm_where_it_is_due(
    applied: Applied, logged: Logged, job: Job, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "stream"):
        job._report(7, applied)

    assert [(record.levelname, record.getMessage()) for record in caplog.records] == logged


def test_a_threshold_of_zero_does_not_alarm_about_a_clean_batch(
    job: Job, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    job.settings = read_settings(
        {
            "CONNECTOR_JARS_DIR": str(tmp_path),
            "POSTGRES_PASSWORD": "unused",
            "REJECT_ALARM_RATIO": "0",
        }
    )
    job._report(1, Applied(stored=3))
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_a_report_counts_every_outcome(job: Job) -> None:
    job._report(1, Applied(stored=3, superseded=2, rejected=1, lost=4, seconds=2.0, oldest_ms=0))
    job._report(2, Applied(stored=1, rejected=1, oldest_ms=2_000_000))
    job.metrics.retried("53100")
    job.metrics.lag({0: 5, 3: 0})

    value = job.metrics.registry.get_sample_value
    outcomes = {
        name: value("tapeline_stream_records_total", {"outcome": name})
        for name in ("stored", "superseded", "rejected", "lost")
    }
    assert outcomes == {"stored": 4.0, "superseded": 2.0, "rejected": 2.0, "lost": 4.0}
    assert value("tapeline_stream_batch_seconds_sum") == 2.0
    # A Kafka time ahead of the clock counts as no latency, not as a negative one.
    assert value("tapeline_stream_latency_seconds_sum") == 1_000.0
    assert value("tapeline_stream_latency_seconds_count") == 2.0
    assert value("tapeline_stream_rejected_ratio") == 0.5
    assert value("tapeline_stream_retries_total", {"fault": "53100"}) == 1.0
    assert value("tapeline_stream_lag_records", {"partition": "0"}) == 5.0
    assert value("tapeline_stream_lag_records", {"partition": "3"}) == 0.0


@pytest.mark.parametrize(
    ("applied", "records", "ratio"),
    [(Applied(), 0, 0.0), (Applied(stored=1, superseded=1, rejected=2, lost=9), 4, 0.5)],
    ids=["empty", "lost offsets are no records"],
)
def test_the_share_of_rejected_records(applied: Applied, records: int, ratio: float) -> None:
    assert (applied.records, applied.rejected_ratio) == (records, ratio)
