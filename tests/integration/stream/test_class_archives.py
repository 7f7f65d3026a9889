"""The archives that set-up makes are ones that Java takes: they fit this Java and these jars."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from scripts.installation.java import Java
from scripts.launcher.paths import (
    CONNECTOR_JARS,
    KAFKA_CLASS_ARCHIVE,
    KAFKA_JARS,
    ROOT,
    SPARK_CLASS_ARCHIVE,
)
from scripts.local_stack.servers import kafka_broker, kafka_client, processes
from scripts.local_stack.servers.ports import free_ports

SECONDS = 60
COUNT = """
import sys
from services.stream.settings import read_settings
from services.stream.spark import runtime
session = runtime.start_session(read_settings(dict(one.split("=", 1) for one in sys.argv[1:])), "t")
print(session.range(3).count())
"""


def test_kafka_loads_its_classes_from_the_archive(java: Java, tmp_path: Path) -> None:
    assert KAFKA_CLASS_ARCHIVE.exists()
    loaded = tmp_path / "loaded"
    port, controller_port = free_ports(2)
    broker = kafka_broker.Broker(
        java=java.program,
        jars=KAFKA_JARS,
        directory=tmp_path,
        logs=tmp_path,
        port=port,
        controller_port=controller_port,
        java_options=(f"-Xlog:class+load:file={loaded}",),
    )
    child = kafka_broker.start(broker)
    try:
        processes.wait_until(lambda: kafka_client.is_listening(broker.bootstrap), child, SECONDS)
        resident_kib, rewritten_kib = _mapped(child.process.pid, KAFKA_CLASS_ARCHIVE)
    finally:
        processes.stop([child], SECONDS)
    own = [line for line in loaded.read_text("utf-8").splitlines() if " kafka." in line]
    unpacked = [line for line in own if line.endswith(".jar")]
    assert len(own) > 500
    assert unpacked == []
    assert rewritten_kib < 0.7 * resident_kib  # where Java moves an archive, all of it


def _mapped(pid: int, file: Path) -> tuple[int, int]:
    """Return how much of a file a process holds in memory, and how much of that it has changed."""
    sums = {"Rss:": 0, "Private_Dirty:": 0}
    of_the_file = False
    for line in Path(f"/proc/{pid}/smaps").read_text("utf-8").splitlines():
        first, *rest = line.split()
        if not first.endswith(":"):
            of_the_file = line.endswith(str(file))
        elif of_the_file and first in sums:
            sums[first] += int(rest[0])
    return sums["Rss:"], sums["Private_Dirty:"]


def test_spark_starts_with_its_archive_in_a_folder_with_a_space(java: Java, tmp_path: Path) -> None:
    folder = tmp_path / 'my "market" data'
    folder.mkdir()
    for name, place in {
        "services": ROOT / "services",
        "jars": CONNECTOR_JARS,
        "spark.jsa": SPARK_CLASS_ARCHIVE,
    }.items():
        (folder / name).symlink_to(place)
    loaded = tmp_path / "loaded"
    settings = {
        "CONNECTOR_JARS_DIR": str(folder / "jars"),
        "SPARK_CLASS_ARCHIVE": str(folder / "spark.jsa"),
        "SPARK_JAVA_OPTIONS": f"-Xlog:class+load:file={loaded}",
        "SPARK_MASTER": "local[1]",
        "POSTGRES_PASSWORD": "unused",
    }
    counted = subprocess.run(
        [sys.executable, "-P", "-c", COUNT, *(f"{name}={one}" for name, one in settings.items())],
        env={**os.environ, "JAVA_HOME": str(java.home), "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (counted.stdout, counted.returncode) == ("3\n", 0), counted.stderr
    own = [line for line in loaded.read_text("utf-8").splitlines() if " org.apache.spark." in line]
    assert len(own) > 500
    assert "shared objects file" in own[0]
