"""The clock that stamps observations: the host's, but it never goes back. Pure but for its lock.

The newest observation of a bar wins. If the host's clock was ahead for a while and is put right,
what is seen afterwards must not look older than what was stamped by the wrong clock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

FOLLOWED: Final = timedelta(days=1)
"""A stamp further ahead than this is not followed: the sink rejects it anyway."""


class ObservationClock:
    """Gives UTC instants, none before an earlier one. Safe to use from several threads."""

    def __init__(self, now: Callable[[], datetime], newest: datetime | None) -> None:
        """Follow `now`; `newest` is the last instant of an earlier process, if there was one."""
        self._now = now
        self._newest = newest
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """Return the host's instant, or the newest one given while the host's is behind that."""
        with self._lock:
            instant = self._now()
            if self._newest is not None and instant < self._newest <= instant + FOLLOWED:
                return self._newest
            self._newest = instant
            return instant
