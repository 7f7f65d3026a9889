"""Follows a run: asks Kafka and PostgreSQL how far the bars have come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from scripts.local_stack.servers.database import Latency, Reader
from scripts.local_stack.servers.kafka_client import Offsets
from scripts.local_stack.summary import Counts, count
from services.common.topics import BARS


@dataclass(frozen=True)
class Snapshot:
    """How the run stands: records counted, and each symbol's newest bar (UTC)."""

    counts: Counts
    newest: Mapping[str, datetime]


class Monitor:
    """Reads snapshots and remembers when the load of history was over: when every symbol had a
    bar, and all that Kafka held by then was stored. Raises SetupError."""

    def __init__(
        self, offsets: Offsets, reader: Reader, symbols: Sequence[str], started_at: datetime
    ) -> None:
        self._offsets = offsets
        self._reader = reader
        self._symbols = symbols
        self._started_at = started_at
        self._stored_before = sum(row.stored for row in reader.ledger(BARS.name))
        self._history_ends: Mapping[int, int] | None = None
        self._live_since: datetime | None = None

    def read(self, now: datetime) -> Snapshot:
        """Return how the run stands."""
        beginnings, ends = self._offsets.beginnings(), self._offsets.ends()
        ledger = self._reader.ledger(BARS.name)
        newest = self._reader.newest(self._symbols)
        if self._history_ends is None and len(newest) == len(self._symbols):
            self._history_ends = ends
        if self._live_since is None and self._history_ends is not None:
            left = count(beginnings, self._history_ends, ledger).lag
            self._live_since = None if left else now
        return Snapshot(count(beginnings, ends, ledger), newest)

    def stored_this_run(self, counts: Counts) -> int:
        """Return how many rows were stored since the run began."""
        return counts.stored - self._stored_before

    def first_stored_at(self) -> datetime | None:
        """Return when the run's first row was stored."""
        return self._reader.first_stored_at(self._started_at)

    def latency(self) -> Latency | None:
        """Return the latency of the bars that came in after the load of history."""
        return self._reader.latency(self._live_since) if self._live_since else None

    def close(self) -> None:
        """End the connections."""
        self._offsets.close()
        self._reader.close()
