"""Ports of a host on this machine's loopback, over SSH with the host's key checked."""

from __future__ import annotations

from pathlib import Path

from infra.outputs import StackOutputs
from scripts.operations.errors import OperationError

VIEWERS = {"postgres": 5432, "grafana": 3000, "kafka-ui": 8080, "pgadmin": 5050, "prometheus": 9090}


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
