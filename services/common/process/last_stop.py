"""A file that says why a service stopped last, for whoever looks after it has come back.

A service that ends by itself takes its metrics with it, and a container that starts again at once
looks well. In: the cause, a word of a closed list. Out: the same word, until work succeeds again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class LastStop:
    """Keeps one word in `file`; None: nothing is kept."""

    file: Path | None
    log: logging.Logger

    def keep(self, cause: str) -> None:
        """Keep why the service stops. A file that cannot be written is told, and no more."""
        if self.file is None:
            return
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            self.file.write_text(f"{cause}\n", encoding="utf-8")
        except OSError as error:
            self.log.warning("why it stops is not kept in %s: %s", self.file, error.strerror)

    def read(self) -> str:
        """Return the word, or "" if nothing is kept or nothing can be read."""
        try:
            return "" if self.file is None else self.file.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def forget(self) -> None:
        """Work has succeeded: forget it."""
        if self.file is None:
            return
        try:
            self.file.unlink(missing_ok=True)
        except OSError as error:
            self.log.warning("%s stays although the work goes on: %s", self.file, error.strerror)
