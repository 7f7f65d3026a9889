"""A real Kafka broker (KRaft, one node) on the loopback interface, from the pinned jars."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from scripts.installation.java import QUICK
from scripts.launcher.paths import KAFKA_CLASS_ARCHIVE, ROOT
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import HOST
from scripts.local_stack.servers.processes import Child, Command
from services.common.java import archive_options

_SERVICE = ROOT / "services" / "kafka"
_HEAP = ("-XX:+UseSerialGC", "-Xms64m", "-Xmx512m")
_FORMAT_SECONDS = 60


@dataclass(frozen=True)
class Broker:
    """What a broker is made of. `directory` holds its log segments and its configuration; the
    archive need not exist."""

    java: Path
    jars: Path
    directory: Path
    logs: Path
    port: int
    controller_port: int
    class_archive: Path | None = field(default=KAFKA_CLASS_ARCHIVE, kw_only=True)
    java_options: tuple[str, ...] = field(default=(), kw_only=True)
    properties: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    """What differs from the container's broker besides addresses and folders."""

    @property
    def bootstrap(self) -> str:
        """Return the address that clients connect to."""
        return f"{HOST}:{self.port}"


def server_properties(broker: Broker) -> str:
    """Return the configuration of the container's broker, with this one's addresses and folder."""
    here = {
        "controller.quorum.voters": f"1@{HOST}:{broker.controller_port}",
        "listeners": f"BROKER://{broker.bootstrap},CONTROLLER://{HOST}:{broker.controller_port}",
        "advertised.listeners": f"BROKER://{broker.bootstrap}",
        "log.dirs": str(broker.directory / "segments"),
        **broker.properties,
    }
    lines = (_SERVICE / "server.properties").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition("=")[0] not in here]
    return "\n".join([*kept, *(f"{name}={value}" for name, value in here.items()), ""])


def start(broker: Broker) -> Child:
    """Start the broker on its directory, making that ready first; it is not awaited."""
    broker.directory.mkdir(parents=True, exist_ok=True)
    configuration = broker.directory / "server.properties"
    properties = server_properties(broker)
    # Not written again where the disk may be full.
    if not configuration.exists() or configuration.read_text(encoding="utf-8") != properties:
        configuration.write_text(properties, encoding="utf-8")
    if not (broker.directory / "segments" / "meta.properties").exists():
        _format(broker, configuration)
    return processes.start(
        Command(
            name="kafka",
            arguments=_java(
                broker, *_HEAP, *broker.java_options, "kafka.Kafka", str(configuration)
            ),
            log=broker.logs / "kafka.log",
        )
    )


def _format(broker: Broker, configuration: Path) -> None:
    cluster_id = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
    tool = ("kafka.tools.StorageTool", "format", "--config", str(configuration))
    quick = ("-XX:+UseSerialGC", QUICK)
    arguments = _java(broker, *quick, *tool, f"--cluster-id={cluster_id}")
    processes.run(Command("kafka-format", arguments, broker.logs / "kafka.log"), _FORMAT_SECONDS)


def _java(broker: Broker, *rest: str) -> list[str]:
    logging = f"-Dlog4j2.configurationFile={_SERVICE / 'log4j2.properties'}"
    archive = broker.class_archive
    sooner = archive_options(archive) if archive and archive.exists() else []
    return [str(broker.java), logging, *sooner, "-cp", f"{broker.jars}/*", *rest]
