"""Pages and the database of a host on this machine's loopback, over SSH, the host's key checked.

What runs there in; one ssh command, and a line for each page, out.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
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

_LOOK_SECONDS = 0.25
_DATABASE = "postgres"
_SERVICES = {"spark-master": "spark-pages", "spark-driver": "spark-pages"}
"""Who shows what is no service of its own name."""
_RUNNING = ("healthy", "unhealthy", "starting", "running")


def chosen(what: str, states: Mapping[str, str]) -> list[str]:
    """Return what to forward: what was asked for, or every page that runs. Raises OperationError
    for what is unknown or does not run.
    """
    running = [name for name in VIEWERS if _state(name, states) in _RUNNING]
    asked = [word for word in what.replace(",", " ").split() if word]
    for name in asked:
        if name not in VIEWERS:
            raise OperationError(f"there is no tunnel to {name!r}; there are {', '.join(VIEWERS)}")
        if name not in running:
            raise OperationError(f"{name} is not running there")
    found = list(dict.fromkeys(asked)) or [name for name in running if name != _DATABASE]
    if not found:
        raise OperationError("no page is running there")
    return found


def lines(names: Sequence[str], states: Mapping[str, str], local_port: int) -> list[str]:
    """Return a line for each thing there is: its address here, or that it is not running."""
    said = []
    for name, port in VIEWERS.items():
        state = _state(name, states)
        if name in names:
            here = f"127.0.0.1:{local_port or port}"
            address = f"{here}, database market" if name == _DATABASE else f"http://{here}/"
            said.append(f"{name:13}{address}{f' ({state})' if state == 'unhealthy' else ''}")
        elif name != _DATABASE and state not in _RUNNING:
            said.append(f"{name:13}is not running")
    return [*said, "Ctrl-C ends it"]


def command(
    outputs: StackOutputs, hosts_file: Path, key_file: str, names: Sequence[str], local_port: int
) -> list[str]:
    """Return the ssh command that forwards the ports. Raises OperationError."""
    if local_port and len(names) != 1:
        raise OperationError("--port is for one thing alone: name it with --what")
    forwards = [
        word
        for name in names
        for word in ("-L", f"127.0.0.1:{local_port or VIEWERS[name]}:127.0.0.1:{VIEWERS[name]}")
    ]
    return [
        *("ssh", "-N", "-T", "-o", "ExitOnForwardFailure=yes", "-o", "StrictHostKeyChecking=yes"),
        *("-o", f"UserKnownHostsFile={hosts_file}", "-o", "GlobalKnownHostsFile=/dev/null"),
        *(["-i", key_file] if key_file else []),
        *("-p", str(outputs.ssh_port)),
        *forwards,
        f"{outputs.ssh_user}@{outputs.address}",
    ]


def hold(words: Sequence[str]) -> int:
    """Run ssh until it ends, or until Ctrl-C, which is how one ends it; return the exit code.

    A handler that only remembers: an exception could come while ssh is being started, and leave it.
    """
    asked: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: asked.append(number))
    try:
        with subprocess.Popen(words) as ssh:
            while True:
                if asked:
                    ssh.terminate()
                with suppress(subprocess.TimeoutExpired):
                    code = ssh.wait(_LOOK_SECONDS)
                    return 0 if asked else code
    finally:
        signal.signal(signal.SIGINT, before)


def _state(name: str, states: Mapping[str, str]) -> str:
    return states.get(_SERVICES.get(name, name), "")
