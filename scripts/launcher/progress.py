"""Shows a person what goes on: one line that moves on a terminal, few lines anywhere else."""

from __future__ import annotations

import sys
import threading
from typing import TextIO

_STEP = 0.25


class Progress:
    """Counts bytes towards a total; threads may add at the same time."""

    def __init__(self, label: str, stream: TextIO = sys.stderr) -> None:
        self._label = label
        self._stream = stream
        self._received = 0
        self._shown = 0.0
        self._lock = threading.Lock()

    def add(self, received_bytes: int, total_bytes: int) -> None:
        """Count bytes (a withdrawn download counts negative) and show where that leads."""
        with self._lock:
            self._received += received_bytes
            share = self._received / total_bytes
            line = f"{self._label}: {self._received / 1e6:.0f} of {total_bytes / 1e6:.0f} MB"
            if self._stream.isatty():
                self._stream.write(f"\r  {line}" + ("\n" if share == 1 else ""))
                self._stream.flush()
            elif share == 1 or share >= self._shown + _STEP:
                self._shown = share
                print(f"  {line}", file=self._stream, flush=True)


def say(text: str) -> None:
    """Tell a person on standard error, so that standard output stays the result's."""
    print(text, file=sys.stderr, flush=True)
