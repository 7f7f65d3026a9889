"""The Power BI kit of a place: its address and its authority in, the words of the builder out."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from infra.outputs import StackOutputs
from scripts.embedded.layout import ROOT
from scripts.operations import access, passwords
from scripts.operations.session import Session

Builder = Callable[[Sequence[str]], int]


def builder(words: Sequence[str]) -> int:
    """Run `python -m powerbi` in this folder; return its exit code."""
    command = [sys.executable, "-m", "powerbi", *words]
    return subprocess.call(command, env={**os.environ, "PYTHONPATH": str(ROOT)})


def write(session: Session, given: Mapping[str, str], overwrite: bool, build: Builder) -> int:
    """Let the builder write the kit of the place; return its exit code. Raises OperationError.

    `given` are options of its own, those that are empty left out. Where `ca` is, the authority of
    the place comes in, if it has one.
    """
    words = ["build", "--host", address(session)]
    words += [word for name, value in given.items() if value for word in (f"--{name}", value)]
    words += ["--overwrite"] if overwrite else []
    if given.get("ca") or not is_private(session.outputs):
        return build(words)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "ca.crt"
        authority = session.run(passwords.show_made(session.place, "ca.crt"))
        file.write_text(authority, encoding="utf-8")
        return build([*words, "--ca", str(file)])


def address(session: Session) -> str:
    """Return where Power BI finds the server; it is a name in the server's certificate."""
    if session.outputs is None:
        return f"localhost:{access.published_port(session)}"
    return session.outputs.domain or session.outputs.address


def is_private(outputs: StackOutputs | None) -> bool:
    """Return whether the server's certificate is of the authority that the place itself made."""
    return outputs is None or outputs.certificate == "own-ca"
