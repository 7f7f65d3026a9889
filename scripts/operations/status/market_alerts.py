"""The market alerts of a target: brings the file of rules and the secret files beside it."""

from __future__ import annotations

import re
import shlex
from typing import Final

from scripts.operations.credentials import given_file
from scripts.operations.credentials.api_key_rotation import send
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases.health_gate import look

RULES: Final = "alerts.yaml"
_SERVICE: Final = "alerts"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
_CHECK: Final = (
    *("exec", "--no-TTY", _SERVICE, "python", "-m", "services.alerts.main"),
    *("--check", f"/run/alerts/{RULES}"),
)


def bring(operation: Operation, name: str, file: str) -> str:
    """Put the file of rules, or a secret file that it names, where the service reads it; return
    what the service says of its file then. Raises OperationError."""
    name = name or RULES
    if not _NAME.fullmatch(name):
        raise OperationError(
            f"--name {name!r} must have letters, digits, `_`, `.` and `-`, as in the file of rules"
        )
    data = given_file.read(file)
    folder = f"{operation.target.keys}/market-alerts"
    operation.run(f"mkdir -p {shlex.quote(folder)}")
    send(operation, data, f"{folder}/{name}")
    operation.record(f"market alerts {name}", "brought")
    if _SERVICE not in look(operation).states:
        return f"{name} is there; add alerts to COMPOSE_PROFILES"
    code, said = operation.shell.code(operation.target.compose(*_CHECK))
    line = (said.strip().splitlines() or ["the service does not answer"])[-1]
    if code != 0:
        raise OperationError(f"{line}; the rules of before stay in force")
    return line
