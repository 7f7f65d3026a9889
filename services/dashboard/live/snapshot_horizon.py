"""From when on a change may still be unseen. Pure: snapshots of the database in, an instant out.

A row is stamped when it is written and seen when its transaction commits, which may be much later
and in another order. What a snapshot does not see has a transaction id of at least its oldest
running one; so it was begun, and stamped, after every earlier snapshot whose next id was no higher.
"""

from __future__ import annotations

from collections import deque
from datetime import datetime, timedelta
from typing import Final, NamedTuple

LONGEST: Final = timedelta(minutes=1)
"""Of a transaction that is waited for, so that one that somebody forgot costs little."""
STAMPED_BEFORE: Final = timedelta(seconds=5)
"""A batch may be stamped before its transaction has an id."""


class Snapshot(NamedTuple):
    """A row of statements.SNAPSHOT."""

    at: datetime
    oldest_running: int
    next_id: int


class SnapshotHorizon:
    """Remembers the snapshots that still tell when a running transaction may have begun."""

    def __init__(self) -> None:
        self._seen: deque[Snapshot] = deque()

    def after(self, snapshot: Snapshot) -> datetime:
        """Return an instant: what this snapshot does not see is stamped after it."""
        seen, at = self._seen, snapshot.at
        seen.append(snapshot)
        while len(seen) > 1 and (
            seen[1].next_id <= snapshot.oldest_running or seen[1].at <= at - LONGEST
        ):
            seen.popleft()
        known = seen[0].next_id <= snapshot.oldest_running
        return max(seen[0].at if known else at - LONGEST, at - LONGEST) - STAMPED_BEFORE
