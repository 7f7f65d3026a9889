"""When the next evaluation begins: word of work in, rests out, so that storing bars goes first.

An alert may wait for a moment, a bar may not. While a burst of bars is stored, evaluation takes a
tenth of a core; what changes meanwhile is then taken together, which is cheaper. A load that lasts
gets a quarter of a core, and where nothing more is stored there is no rest. A round of live bars
takes some hundredths of a second. Time of the processor counts alone, or alerts would be late twice
where the machine is busy.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Final, Protocol

from services.alerts.sql import REQUESTS

WAIT_SECONDS: Final = 1.0
"""So long it waits for word. Without any nothing is stored, and it looks by itself."""
_BURST_SECONDS: Final = 20.0
_RESTS_IN_A_BURST: Final = 12.0
_RESTS_PER_ROUND: Final = 3.0
_MOST_SECONDS: Final = 3.0


class Word(Protocol):
    """The connection to the database."""

    def heard(self, seconds: float) -> set[str]:
        """Return the channels of notifications that came; without one wait, at most so long."""


@dataclass
class Pace:
    """Every method raises DatabaseError."""

    word: Word
    stopping: Event
    now: Callable[[], float] = time.monotonic
    _busy_since: float | None = None

    def wait(self, round_seconds: float) -> bool:
        """Wait until the next round, after one that took so much, or found nothing (0). Return
        whether to look for requests of the API first: these do not wait for the end of a rest."""
        if round_seconds == 0:
            self._busy_since = None
            heard = self.word.heard(WAIT_SECONDS)
            return REQUESTS in heard or not heard
        until = self.now() + min(_MOST_SECONDS, self._rests() * round_seconds)
        while not self.stopping.is_set():
            left = max(0.0, until - self.now())
            heard = self.word.heard(min(WAIT_SECONDS, left))
            if REQUESTS in heard:
                return True
            if not heard:
                return False
        return False

    def _rests(self) -> float:
        """Return how many times as long as a round its rest is."""
        if self._busy_since is None:
            self._busy_since = self.now()
        is_burst = self.now() - self._busy_since < _BURST_SECONDS
        return _RESTS_IN_A_BURST if is_burst else _RESTS_PER_ROUND
