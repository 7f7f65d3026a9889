"""When the next evaluation begins: word of work in, rests out, so that storing bars goes first.

An alert may wait for a moment, a bar may not. In a backlog, as while history is stored at full
speed, evaluation takes a quarter of a core at most; what changes meanwhile is then taken together,
which is cheaper. A round of live bars takes some hundredths of a second, and so does its rest. Time
of the processor counts alone, or alerts would be late twice where the machine is busy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Final, Protocol

from services.alerts.sql import REQUESTS

WAIT_SECONDS: Final = 1.0
"""So long it waits for word; then it looks by itself."""
_RESTS_PER_ROUND: Final = 3.0
_MOST_SECONDS: Final = 3.0


class Word(Protocol):
    """The connection to the database."""

    def heard(self, seconds: float) -> set[str]:
        """Return the channels of notifications that came; without one wait, at most so long."""


@dataclass(frozen=True)
class Pace:
    """Every method raises DatabaseError."""

    word: Word
    stopping: Event
    now: Callable[[], float] = time.monotonic

    def wait(self, round_seconds: float) -> bool:
        """Wait until the next round, after one that took so much, or found nothing (0). Return
        whether to look for requests of the API first: these do not wait for the end of a rest."""
        if round_seconds == 0:
            heard = self.word.heard(WAIT_SECONDS)
            return REQUESTS in heard or not heard
        until = self.now() + min(_MOST_SECONDS, _RESTS_PER_ROUND * round_seconds)
        while not self.stopping.is_set():
            left = until - self.now()
            if REQUESTS in self.word.heard(min(WAIT_SECONDS, max(0.0, left))):
                return True
            if left <= 0:
                return False
        return False
