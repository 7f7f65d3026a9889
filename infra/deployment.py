"""Runs the deployment from within `pulumi up`: the outputs as JSON on stdin in, `fab deploy` out.

The engine publishes a stack's outputs only when everything is made, so the deployment reads them
from a file that nobody else can open and that is gone when it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from infra.outputs import OUTPUTS_FILE_VARIABLE, OutputsError, from_json

ROOT = Path(__file__).parents[1]


def deploy_command(stack: str) -> list[str]:
    """Return the verb that a person would type."""
    return [str(Path(sys.executable).with_name("fab")), "deploy", "--stack", stack]


def deploy(text: str, variables: Mapping[str, str]) -> int:
    """Deploy to the stack that `text` describes; return the exit code. Raises OutputsError."""
    command = deploy_command(from_json(text).stack)
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs.json"
        outputs.touch(mode=0o600)
        outputs.write_text(text, encoding="utf-8")
        environment = {**variables, OUTPUTS_FILE_VARIABLE: str(outputs)}
        return subprocess.run(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, check=False
        ).returncode


def main() -> int:
    """Run from Pulumi; return the exit code."""
    try:
        return deploy(sys.stdin.read(), os.environ)
    except OutputsError as error:
        sys.stderr.write(f"deployment: {error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
