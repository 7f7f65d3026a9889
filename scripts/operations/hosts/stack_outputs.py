"""What Pulumi knows of a host: a stack's name in, checked outputs and a known_hosts file out."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra.outputs import (
    OUTPUTS_FILE_VARIABLE,
    OutputsError,
    StackOutputs,
    folder_name,
    from_json,
)
from scripts.launcher.paths import CACHE, ROOT
from scripts.operations.errors import OperationError

_PULUMI_SECONDS = 120


def stack_outputs(name: str, variables: Mapping[str, str]) -> StackOutputs:
    """Return the outputs of a stack, asked of Pulumi, or of the file that
    TAPELINE_STACK_OUTPUTS names. Raises OperationError.
    """
    require_name(name)
    recorded = variables.get(OUTPUTS_FILE_VARIABLE)
    try:
        text = Path(recorded).read_text(encoding="utf-8") if recorded else _ask_pulumi(name)
        return from_json(text)
    except OSError as error:
        raise OperationError(f"{OUTPUTS_FILE_VARIABLE}: {error}") from None
    except OutputsError as error:
        raise OperationError(f"stack {name}: {error}") from None


def require_name(name: str) -> None:
    """Raise OperationError for what is not the name of a stack."""
    if not re.fullmatch(r"[A-Za-z0-9._/-]+", name) or name.startswith("-"):
        raise OperationError(f"{name!r} is not the name of a stack")


def _ask_pulumi(name: str) -> str:
    command = ["pulumi", "stack", "output", "--json", "--show-secrets", "--stack", name]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=_PULUMI_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise OperationError(
            f"pulumi is not on the PATH; install it, or set {OUTPUTS_FILE_VARIABLE} to a file with "
            "the stack's outputs"
        ) from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["pulumi failed"]
        raise OperationError(f"stack {name}: {lines[-1]}")
    return done.stdout


def known_hosts(outputs: StackOutputs, cache: Path = CACHE) -> Path:
    """Write the host key that Pulumi made where SSH looks for it; return the file."""
    file = cache / "operations" / folder_name(outputs.stack) / "known_hosts"
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    wanted = outputs.host_key.strip() + "\n"
    if not file.exists() or file.read_text(encoding="utf-8") != wanted:
        draft = file.with_name(f".known_hosts.{os.getpid()}")
        draft.write_text(wanted, encoding="utf-8")
        draft.replace(file)
    return file
