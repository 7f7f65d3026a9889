"""The machine of the person who runs Pulumi: its commands are run here, by the project's own code.

A deployment ends at a `fab` that writes down what it was given. `ssh` says that the host has its
lasting key already; tests/engine/test_first_contact.py has a host and the real one instead.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.outputs import OUTPUTS_FILE_VARIABLE, StackOutputs, from_json
from scripts.launcher.paths import ROOT, VENV
from tests.engine.clouds.values import Values
from tests.engine.clouds.world import RefusedError

_FAB: Final = f"""\
#!/bin/sh
exec cp "${OUTPUTS_FILE_VARIABLE}" "${{0%/*}}/$1-$(date +%s%N).json"
"""
_SSH: Final = """\
#!/bin/sh
exit 0
"""


@dataclass(frozen=True)
class Desk:
    """A checkout's folder with the programs that the commands call."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    """What the operator's shell has besides."""

    @classmethod
    def make(cls, folder: Path) -> Desk:
        """Lay out the folder, with a `fab` and an `ssh` that reach no host."""
        desk = cls.with_packages(folder)
        desk.program("fab", _FAB)
        desk.program("ssh", _SSH)
        return desk

    @classmethod
    def with_packages(cls, folder: Path, variables: Mapping[str, str] | None = None) -> Desk:
        """Lay out the folder: the checkout's code and packages."""
        programs = folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        (programs / "python").symlink_to(VENV / "bin" / "python")
        for name in ("pyvenv.cfg", "lib"):
            (folder / ".venv" / name).symlink_to(VENV / name)
        for name in ("infra", "scripts", "fabfile.py"):
            (folder / name).symlink_to(ROOT / name)
        return cls(folder, variables or {})

    def program(self, name: str, text: str) -> None:
        """Write a program that the commands find first."""
        file = self.folder / ".venv" / "bin" / name
        file.write_text(text, encoding="utf-8")
        file.chmod(0o755)

    def run(self, line: str, inputs: Values) -> Values:
        """Run a command as the package `command` does. Raises RefusedError."""
        shell = {**os.environ, **self.variables}
        path = f"{self.folder / '.venv' / 'bin'}:{shell['PATH']}"
        done = subprocess.run(
            ["/bin/sh", "-c", line],
            # A plugin runs beside the program; `..` must not follow the link to it.
            cwd=os.path.normpath(self.folder / "infra" / inputs.get("dir", "")),
            env={**shell, "PATH": path, **inputs.get("environment", {})},
            input=inputs.get("stdin", ""),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RefusedError(f"exit status {done.returncode}: {done.stderr}{done.stdout}")
        return {"stdout": done.stdout.rstrip("\n"), "stderr": done.stderr.rstrip("\n")}

    def deployments(self) -> list[StackOutputs]:
        """Return what each deployment so far was given."""
        files = sorted((self.folder / ".venv" / "bin").glob("deploy-*.json"))
        return [from_json(file.read_text("utf-8")) for file in files]
