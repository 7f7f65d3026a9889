"""The Power BI kit of a target: its address and its authority in, the words of the builder out."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.outputs import StackOutputs
from scripts.launcher.paths import ROOT
from scripts.operations.credentials import passwords
from scripts.operations.hosts import allowlist
from scripts.operations.operation import Operation

Builder = Callable[[Sequence[str]], int]


def builder(words: Sequence[str]) -> int:
    """Run `python -m powerbi` in this folder; return its exit code."""
    command = [sys.executable, "-m", "powerbi", *words]
    return subprocess.call(command, env={**os.environ, "PYTHONPATH": str(ROOT)})


def write(operation: Operation, given: Mapping[str, str], overwrite: bool, build: Builder) -> int:
    """Let the builder write the kit of the target; return its exit code. Raises OperationError.

    `given` are options of its own, those that are empty left out. Where `ca` is, the authority of
    the target comes in, if it has one.
    """
    words = ["build", "--host", address(operation)]
    words += [word for name, value in given.items() if value for word in (f"--{name}", value)]
    words += ["--overwrite"] if overwrite else []
    if given.get("ca") or not is_private(operation.outputs):
        return build(words)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ca.crt"
        authority = operation.run(passwords.show_made(operation.target, "ca.crt"))
        file.write_text(authority, encoding="utf-8")
        return build([*words, "--ca", str(file)])


def address(operation: Operation) -> str:
    """Return where Power BI finds the server; it is a name in the server's certificate."""
    if operation.outputs is None:
        return f"localhost:{allowlist.published_port(operation)}"
    return operation.outputs.domain or operation.outputs.address


def is_private(outputs: StackOutputs | None) -> bool:
    """Return whether the server's certificate is of the authority that the target itself made."""
    return outputs is None or outputs.certificate == "own-ca"
