"""Describes the machine and the programs of a measurement."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from scripts.benchmarking.servers import Servers
from scripts.launcher.paths import KAFKA_JARS
from scripts.local_stack.servers import database


def describe(servers: Servers) -> dict[str, str]:
    """Return what a reader must know to judge the figures."""
    with database.connect(servers.login) as connection:
        [(postgres,)] = connection.execute("show server_version").fetchall()
    kafka = next(KAFKA_JARS.glob("kafka-clients-*.jar")).stem.removeprefix("kafka-clients-")
    processor = _line(Path("/proc/cpuinfo"), "model name")
    memory_kib = int(_line(Path("/proc/meminfo"), "MemTotal").split()[0])
    return {
        "date": f"{datetime.now(tz=UTC):%Y-%m-%d}",
        "processor": f"{len(os.sched_getaffinity(0))} x {processor}",
        "memory": f"{memory_kib / 1024**2:.0f} GiB",
        "kernel": platform.release(),
        "PostgreSQL": postgres,
        "Kafka": kafka,
        "Spark": version("pyspark"),
        "Java": str(servers.java.version),
        "Python": platform.python_version(),
    }


def _line(file: Path, name: str) -> str:
    for line in file.read_text("utf-8").splitlines():
        if line.startswith(name):
            return line.partition(":")[2].strip()
    return "unknown"
