"""Who watches what: messages in, a bounded queue for each viewer out. Pure but for asyncio.

A viewer that does not keep up loses its queue and is told to load its chart anew, so that it can
neither miss a bar for good nor fill the memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

QUEUE_MESSAGES: Final = 64


class Watch(NamedTuple):
    """A series that somebody looks at, on a price basis."""

    symbol: str
    interval: str
    basis: str = "split_adjusted"


class FullError(Exception):
    """There are as many viewers as are allowed."""


@dataclass(eq=False)
class Viewer:
    """One open stream: what it shows, from when on, and what it has yet to be sent."""

    watches: frozenset[Watch]
    since: datetime
    resync: bytes
    queue: asyncio.Queue[bytes | None] = field(
        default_factory=lambda: asyncio.Queue(QUEUE_MESSAGES)
    )

    def put(self, message: bytes | None) -> None:
        """Add a message; None ends the stream."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(self.resync)
        self.queue.put_nowait(message)


class Subscribers:
    """All viewers."""

    def __init__(self, most: int, resync: bytes) -> None:
        self._most = most
        self._resync = resync
        self._viewers: set[Viewer] = set()

    def __len__(self) -> int:
        return len(self._viewers)

    def join(self, watches: Iterable[Watch], since: datetime) -> Viewer:
        """Add a viewer. Raises FullError."""
        if len(self._viewers) >= self._most:
            raise FullError(f"{self._most} viewers are here already; try again later")
        viewer = Viewer(frozenset(watches), since, self._resync)
        self._viewers.add(viewer)
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Forget a viewer."""
        self._viewers.discard(viewer)

    def watched(self) -> Mapping[Watch, datetime]:
        """Return each series that somebody looks at, with the earliest bar that is shown."""
        found: dict[Watch, datetime] = {}
        for viewer in self._viewers:
            for watch in viewer.watches:
                found[watch] = min(viewer.since, found.get(watch, viewer.since))
        return found

    def tell(self, watch: Watch, message: bytes) -> None:
        """Send to everybody who looks at a series."""
        for viewer in self._viewers:
            if watch in viewer.watches:
                viewer.put(message)

    def tell_all(self, message: bytes | None) -> None:
        """Send to everybody; None ends all streams."""
        for viewer in self._viewers:
            viewer.put(message)
