"""Makes an archive of the Java classes that a Kafka broker loads: starts one and ends it.

`python -m scripts.local_stack.servers.kafka_archive FILE` needs JAVA_HOME and Kafka's jars.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from scripts.launcher.errors import SetupError
from scripts.launcher.paths import KAFKA_JARS
from scripts.launcher.progress import say
from scripts.local_stack.servers import kafka_broker, kafka_client, processes
from scripts.local_stack.servers.ports import free_ports

_SECONDS = 120


def main(arguments: list[str] | None = None) -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m scripts.local_stack.servers.kafka_archive",
        description="Write an archive of the Java classes that a Kafka broker loads.",
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="where to write the archive")
    file: Path = parser.parse_args(arguments).file
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(prefix="tapeline-") as folder:
            _run_broker(Path(folder), draft)
        draft.replace(file)
    except (SetupError, OSError) as error:
        say(f"{parser.prog}: {error}")
        return 1
    return 0


def _run_broker(folder: Path, draft: Path) -> None:
    port, controller_port = free_ports(2)
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java"
    broker = kafka_broker.Broker(
        java=java,
        jars=KAFKA_JARS,
        directory=folder,
        logs=folder,
        port=port,
        controller_port=controller_port,
        class_archive=None,
        java_options=(f"-XX:ArchiveClassesAtExit={draft}", "-Xlog:disable"),
    )
    child = kafka_broker.start(broker)
    try:
        processes.wait_until(lambda: kafka_client.is_listening(broker.bootstrap), child, _SECONDS)
    finally:
        processes.stop([child], _SECONDS)


if __name__ == "__main__":
    sys.exit(main())
