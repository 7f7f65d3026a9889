"""Brings the files of a Kafka elsewhere: the password of its user, or the brokers' authority.

In: a file of this machine. Out: the file where producer, topics and stream read it; the one of
before is back in its place where the services do not run with the new one.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Final

from scripts.operations import compose_commands
from scripts.operations.credentials.api_key_rotation import send
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases.health_gate import await_health

FILES: Final[Mapping[str, str]] = {"kafka_password": "password", "kafka_ca": "ca.pem"}
"""The names under which they are rotated."""
_READERS: Final = ("producer", "stream")


def bring(operation: Operation, what: str, data: bytes, gate_seconds: int) -> None:
    """Put a file in its place, and start anew who reads it, if they run. Raises OperationError."""
    folder = f"{operation.target.keys}/kafka"
    file, kept = f"{folder}/{FILES[what]}", f"{folder}/{FILES[what]}.before"
    operation.run(f"mkdir -p {shlex.quote(folder)}")
    operation.run(f"rm -f {kept}; if [ -e {file} ]; then cp -p {file} {kept}; fi")
    had_one = operation.shell.code(f"test -e {kept}")[0] == 0
    send(operation, data.strip() + b"\n", file)
    if not _run(operation):
        operation.say(f"{what} is there for the next start")
        return
    try:
        _restart(operation, gate_seconds)
    except (OperationError, KeyboardInterrupt) as error:
        operation.run(f"mv {kept} {file}" if had_one else f"rm -f {file}")
        _restart(operation, gate_seconds)
        raise OperationError(f"{error}\n{what} is as it was before") from error
    operation.run(f"rm -f {kept}")


def _run(operation: Operation) -> bool:
    code, printed = operation.shell.code(operation.target.compose("ps", "--quiet", *_READERS))
    return code == 0 and bool(printed.strip())


def _restart(operation: Operation, gate_seconds: int) -> None:
    for service in _READERS:
        operation.run(compose_commands.restart(operation.target, service))
    await_health(operation, gate_seconds)
