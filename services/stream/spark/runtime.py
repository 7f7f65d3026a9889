"""The edge to Spark: its session, the bars as a stream or as a bounded batch, its checkpoint."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

from services.common.java import archive_options
from services.common.kafka_cluster.cluster import KafkaCluster
from services.stream.settings import Settings
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.spark.checkpoint_offset_log import CheckpointError

# On a local disk the default runs chmod and readlink as programs, several for each batch.
_LOCAL_CHECKPOINT = (
    "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
)
# The decoding of a record becomes one Java method too large to be compiled by default, and then
# runs at a third of the rate.
_JAVA_OPTIONS = ("-XX:-DontCompileHugeMethods",)
# Throughput, not pauses of milliseconds, is what batches want.
_EXECUTOR_HEAP = ("-XX:+UseParallelGC",)
# What a batch leaves dies young. Left to itself Java fills a third of its heap with that before it
# looks, and keeps the room. With less than this it drains more slowly.
_DRIVER_HEAP = ("-XX:+UseSerialGC", "-Xms128m", "-XX:NewSize=96m", "-XX:MaxNewSize=96m")
ERRORS = (PySparkException, Py4JError)
"""What Spark raises: an exception of Java that PySpark does not know comes as py4j's own."""
_LOGGING = Path(__file__).with_name("log4j2.properties")


def start_session(settings: Settings, name: str) -> SparkSession:
    """Start Spark, or connect to its master, with the Kafka connector on board."""
    java = [*_JAVA_OPTIONS, settings.java_options]
    if settings.class_archive is not None and settings.class_archive.exists():
        java += [one_word(option) for option in archive_options(settings.class_archive)]
    logging = one_word(f"-Dlog4j2.configurationFile={_LOGGING.as_uri()}")
    jars = sorted(str(jar) for jar in settings.connector_jars_dir.glob("*.jar"))
    options: dict[str, bool | float | int | str | None] = {
        "spark.jars": ",".join(jars),
        "spark.driver.memory": settings.driver_memory,
        "spark.driver.extraJavaOptions": " ".join([*_DRIVER_HEAP, *java, logging]),
        # A worker is of the same image; where it is not, Java goes without the archive.
        "spark.executor.extraJavaOptions": " ".join([*_EXECUTOR_HEAP, *java]),
        "spark.ui.enabled": str(settings.spark_ui).lower(),
        "spark.ui.killEnabled": "false",
        # Spark keeps the last thousand of each, with their plans, whether a page shows them or not.
        "spark.ui.retainedJobs": "50",
        "spark.ui.retainedStages": "50",
        "spark.ui.retainedTasks": "500",
        "spark.sql.ui.retainedExecutions": "10",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.structuredLogging.enabled": "false",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.shuffle.partitions": "2",
        # The indicators run beside the batches, which must not queue behind them.
        "spark.scheduler.mode": "FAIR",
        # Rejected records keep their bytes; a batch of large ones must not fill a worker.
        "spark.sql.execution.arrow.maxBytesPerBatch": "16m",
        "spark.python.daemon.module": "services.stream.spark.worker_daemon",
        # How often an idle query asks Kafka for news: latency against an idle processor.
        "spark.sql.streaming.pollingDelay": "20ms",
        "spark.sql.streaming.stopTimeout": "10s",
    }
    if settings.spark_master.startswith("local"):
        # No executor is elsewhere: nothing of Spark need be seen from outside.
        options |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    if "://" not in settings.checkpoint_dir:
        options["spark.sql.streaming.checkpointFileManagerClass"] = _LOCAL_CHECKPOINT
    builder = SparkSession.Builder().master(settings.spark_master).appName(name)
    with _own_interrupt():
        return builder.config(map=options).getOrCreate()


@contextmanager
def _own_interrupt() -> Iterator[None]:
    """Keep what the process does on Ctrl-C: PySpark puts a trace in its place."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handler)


def one_word(option: str) -> str:
    """Return an option of Java as it stands among others, which Spark parts at spaces."""
    escaped = option.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def read_stream(
    session: SparkSession, settings: Settings, topic: str, starting: Mapping[int, int]
) -> DataFrame:
    """Return the topic as an endless stream; `starting` counts only without a checkpoint."""
    return (
        session.readStream.format("kafka")
        .options(**_consumer(settings.kafka))
        .option("subscribe", topic)
        .option("startingOffsets", _offsets_json(topic, starting) if starting else "earliest")
        .option("failOnDataLoss", str(not settings.accept_lost_offsets).lower())
        .option("maxOffsetsPerTrigger", settings.max_offsets_per_trigger)
        .load()
    )


def read_batch(
    session: SparkSession, cluster: KafkaCluster, topic: str, ranges: Mapping[int, OffsetRange]
) -> DataFrame:
    """Return the records of `ranges`, and of no other partition."""
    starts = {partition: offsets.start for partition, offsets in ranges.items()}
    ends = {partition: offsets.until for partition, offsets in ranges.items()}
    return (
        session.read.format("kafka")
        .options(**_consumer(cluster))
        .option("assign", json.dumps({topic: sorted(ranges)}))
        .option("startingOffsets", _offsets_json(topic, starts))
        .option("endingOffsets", _offsets_json(topic, ends))
        .option("failOnDataLoss", "true")
        .load()
    )


def read_text(session: SparkSession, path: str) -> str | None:
    """Return a small file of any file system that Spark knows, or None if it is not there.

    Raises CheckpointError if it is there but cannot be read.
    """
    with _readable(path):
        system, file = _locate(session, path)
        if not system.exists(file):
            return None
        with closing(system.open(file)) as stream:
            return str(_jvm(session).org.apache.commons.io.IOUtils.toString(stream, "UTF-8"))


def list_names(session: SparkSession, path: str) -> list[str]:
    """Return the names in a folder, none if it is not there. Raises CheckpointError."""
    with _readable(path):
        system, folder = _locate(session, path)
        if not system.exists(folder):
            return []
        return [str(entry.getPath().getName()) for entry in system.listStatus(folder)]


@contextmanager
def _readable(path: str) -> Iterator[None]:
    try:
        yield
    except Py4JJavaError as error:
        raise CheckpointError(
            f"the checkpoint file {path} cannot be read: {error.java_exception}"
        ) from error


def _locate(session: SparkSession, path: str) -> tuple[Any, Any]:
    file = _jvm(session).org.apache.hadoop.fs.Path(path)
    context = session.sparkContext._jsc
    if context is None:
        raise CheckpointError("Spark has been stopped")
    return file.getFileSystem(context.hadoopConfiguration()), file


def _jvm(session: SparkSession) -> Any:
    if session._jvm is None:
        raise CheckpointError("Spark has been stopped")
    return session._jvm


def _consumer(cluster: KafkaCluster) -> dict[str, str]:
    # Spark asks only for records that it knows to be there, and then for the topic's bounds on
    # the same connection, where the answer waits behind the consumer's own fetch ahead: half a
    # second by default, for each partition of each batch.
    return {
        **{f"kafka.{name}": value for name, value in cluster.java_options().items()},
        "kafka.fetch.max.wait.ms": "5",
        # It asks for those bounds after each poll: let a poll bring many records.
        "kafka.max.poll.records": "10000",
        "kafka.max.partition.fetch.bytes": "8388608",
    }


def _offsets_json(topic: str, offsets: Mapping[int, int]) -> str:
    return json.dumps({topic: {str(partition): offset for partition, offset in offsets.items()}})
