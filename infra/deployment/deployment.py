"""Runs the deployment from within `pulumi up`: the outputs as JSON on stdin in, `fab deploy` out.

The engine publishes a stack's outputs only when everything is made, so the deployment reads them
from a file that nobody else can open and that is gone when it ends. All that fab, Ansible and the
builds print goes to a log; Pulumi shows, and keeps in its state, the few lines by which fab tells
how far it is. If it fails, the last line is the cause.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from infra.deployment.deployment_log import cause
from infra.outputs import (
    OUTPUTS_FILE_VARIABLE,
    PROGRESS_VARIABLE,
    OutputsError,
    folder_name,
    from_json,
)

ROOT = Path(__file__).parents[2]
LOGS_KEPT = 5


def deploy_command(stack: str) -> list[str]:
    """Return the command that a person would type."""
    return [str(Path(sys.executable).with_name("fab")), "deploy", "--stack", stack]


def deploy(text: str, variables: Mapping[str, str], log: BinaryIO, progress: BinaryIO) -> int:
    """Deploy to the stack that `text` describes; return the exit code. Raises OutputsError."""
    command = deploy_command(from_json(text).stack)
    with tempfile.TemporaryDirectory() as folder:
        outputs = Path(folder) / "outputs.json"
        outputs.touch(mode=0o600)
        outputs.write_text(text, encoding="utf-8")
        reading, writing = os.pipe()
        told = {OUTPUTS_FILE_VARIABLE: str(outputs), PROGRESS_VARIABLE: str(writing)}
        with open(reading, "rb") as lines:  # noqa: PTH123 - of a pipe
            try:
                fab = subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env={**variables, **told},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    pass_fds=(writing,),
                )
            finally:
                os.close(writing)
            for line in lines:
                progress.write(line)
                progress.flush()
            return fab.wait()


def new_log(folder: Path, now: datetime) -> Path:
    """Return a new file for what a deployment prints; the oldest of the others go."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in sorted(folder.glob("deployment-*.log"))[: 1 - LOGS_KEPT or None]:
        old.unlink()
    file = folder / f"deployment-{now:%Y%m%dT%H%M%SZ}.log"
    file.touch(mode=0o600)
    return file


def main() -> int:
    """Run from Pulumi; return the exit code."""
    # Ctrl-C reaches fab too, which gives its lock back; this only waits for it.
    signal.signal(signal.SIGINT, lambda *_: None)
    text = sys.stdin.read()
    try:
        folder = ROOT / ".cache" / "operations" / folder_name(from_json(text).stack)
        log = new_log(folder, datetime.now(UTC))
        with log.open("ab") as file:
            code = deploy(text, os.environ, file, sys.stdout.buffer)
    except OutputsError as error:
        sys.stderr.write(f"deployment: {error}\n")
        return 1
    if code != 0:
        why = cause(log.read_text("utf-8", errors="replace"))
        sys.stderr.write(f"the deployment failed, all that was said is in {log}\n{why}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
