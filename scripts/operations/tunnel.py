"""Ports of a host on this machine's loopback, over SSH with the host's key checked."""

from __future__ import annotations

from pathlib import Path

from infra.outputs import StackOutputs
from scripts.operations.errors import OperationError

VIEWERS = {
    "postgres": 5432,
    "dashboard": 8050,
    "pgadmin": 5050,
    "kafka-ui": 8082,
    "spark-master": 8080,
    "spark-driver": 4040,
}
"""Where docker-compose.yml publishes each on the host's loopback; a contract test compares."""


def command(
    outputs: StackOutputs, hosts_file: Path, key_file: str, what: str, local_port: int
) -> list[str]:
    """Return the ssh command that forwards one port. Raises OperationError."""
    if what not in VIEWERS:
        raise OperationError(f"there is no tunnel to {what!r}; there are {', '.join(VIEWERS)}")
    far = VIEWERS[what]
    return [
        *("ssh", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-o", "StrictHostKeyChecking=yes"),
        *("-o", f"UserKnownHostsFile={hosts_file}", "-o", "GlobalKnownHostsFile=/dev/null"),
        *(["-i", key_file] if key_file else []),
        *("-p", str(outputs.ssh_port)),
        *("-L", f"127.0.0.1:{local_port or far}:127.0.0.1:{far}"),
        f"{outputs.ssh_user}@{outputs.address}",
    ]
