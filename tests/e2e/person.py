"""A person who types commands in a home of their own."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.documents import ROOT

KEPT = "scripts/demo --data-dir ~/tapeline"
"""The demo that keeps its state, and goes on until it is stopped."""

START_SECONDS = 180
COMMAND_SECONDS = 180


@dataclass
class Home:
    """A person's home, where the documents' `~` leads, and the demos that run from there."""

    folder: Path

    def variables(self) -> dict[str, str]:
        """Return the environment that the person types in."""
        downloads = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
        return {**os.environ, "HOME": str(self.folder), "XDG_CACHE_HOME": str(downloads)}

    @contextmanager
    def typed(self, line: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
        """Type a command that goes on; yield it with the file that has what it says."""
        said = self.folder / "said"
        with said.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", line], cwd=ROOT, env=self.variables(),
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield process, said
        finally:
            # Not SIGINT, which would be ignored under `nohup … &`.
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def run(self, line: str) -> str:
        """Type a command that ends by itself, well; return what it said."""
        done = subprocess.run(
            ["bash", "-c", line], cwd=ROOT, env=self.variables(), stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=COMMAND_SECONDS, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done.stdout
