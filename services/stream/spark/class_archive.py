"""Makes an archive of the Java classes that the stream loads, so that Spark starts sooner.

`python -m services.stream.spark.class_archive FILE` runs the stream's own decoding once and writes
FILE, which SPARK_CLASS_ARCHIVE names at later starts. It fits one Java and one set of jars; Java
ignores an archive that does not fit. Halves the start; changes nothing else.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from pyspark.sql import SparkSession

from services.common.settings import SettingError
from services.stream.settings import read_settings
from services.stream.spark import runtime
from services.stream.spark.warm_up import warm_up, warm_up_fallback

_EXIT_SECONDS = 300


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.stream.spark.class_archive",
        description="Write an archive of the Java classes that the stream loads. Needs the "
        "settings JAVA_HOME and CONNECTOR_JARS_DIR, and neither Kafka nor PostgreSQL.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="where to write the archive")
    file: Path = parser.parse_args(arguments).file
    try:
        settings = read_settings({"POSTGRES_PASSWORD": "none", **os.environ})
    except SettingError as error:
        parser.error(str(error))
    # Spark's Python workers need this interpreter's packages.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    quiet = "-Xlog:disable -Xlog:all=error:stderr"
    # What runs once is not worth Java's second compiler.
    once = "-XX:TieredStopAtLevel=1"
    session = runtime.start_session(
        replace(
            settings,
            spark_master="local[1]",
            class_archive=None,
            java_options=f"{runtime.one_word(f'-XX:ArchiveClassesAtExit={draft}')} {quiet} {once}",
        ),
        "tapeline class archive",
    )
    _exercise(session)
    _end(session)
    draft.replace(file)
    return 0


def _exercise(session: SparkSession) -> None:
    warm_up(session)
    warm_up_fallback(session)
    session.readStream.format("kafka").options(
        **{"kafka.bootstrap.servers": "127.0.0.1:1", "subscribe": "none"}
    ).load()


def _end(session: SparkSession) -> None:
    # Java writes the archive as it exits, which it does when its standard input ends.
    gateway = session.sparkContext._gateway
    session.stop()
    if gateway is None:
        raise RuntimeError("Spark has no gateway to end")
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(_EXIT_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
