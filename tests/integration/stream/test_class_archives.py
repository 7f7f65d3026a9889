"""The archive that set-up makes is one that Java takes: it fits this Java and these jars."""

from __future__ import annotations

from pathlib import Path

from scripts.installation.java import Java
from scripts.launcher.paths import KAFKA_CLASS_ARCHIVE, KAFKA_JARS
from scripts.local_stack.servers import kafka_broker, kafka_client, processes
from scripts.local_stack.servers.ports import free_ports

SECONDS = 60


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
    finally:
        processes.stop([child], SECONDS)
    own = [line for line in loaded.read_text("utf-8").splitlines() if " kafka." in line]
    unpacked = [line for line in own if line.endswith(".jar")]
    assert len(own) > 500
    assert unpacked == []
