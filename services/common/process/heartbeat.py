"""A file that says when a service last did its work.

`heartbeat_healthcheck.sh FILE SECONDS`, the health check of containers, exits 0 while the file is
fresh, and 1 with a line that says how old it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Heartbeat:
    """Marks a file; the mark's age is the file's age."""

    file: Path

    def beat(self) -> None:
        """Say that the service has just done its work."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.touch()
