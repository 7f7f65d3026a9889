"""Delivers new bars to Kafka on a thread of its own, and records what was acknowledged.

In: the new bars of one answer at a time, oldest first. Out: the same once Kafka
has answered for every bar in them. A series has one such batch at a time, so an older observation
of a bar can never be sent after a newer one.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, NamedTuple, Protocol

from services.common.fail_points import reach
from services.common.settings import SettingError
from services.producer.metrics import Metrics
from services.producer.publishing.state_file import StateStoreError
from services.producer.publishing.state_store import StateStore
from services.producer.series import Series

BATCH_RECORDS: Final = 2_000
_ABANDON_SECONDS: Final = 2.0
_STUCK_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.1
PENDING_SHARE: Final = 500
"""So many records of one answer go into a batch: news need not wait behind long history."""


class Delivery(Enum):
    """What became of a record."""

    ACKNOWLEDGED = auto()
    REFUSED = auto()  # too large, or not a record for this broker: another try changes nothing
    FAILED = auto()


class Record(NamedTuple):
    """A bar as it travels: Kafka key and value, and what is remembered of it. `observed_at` is
    written as in the bar. A corporate action likewise, with a `topic` of its own."""

    series: Series
    exchange_time: str
    fingerprint: bytes
    key: bytes
    value: bytes
    observed_at: str = ""
    topic: str = ""


@dataclass
class PendingBars:
    """The new bars of one answer. `refused` collects those that Kafka will never take."""

    series: Series
    waiting: deque[Record]
    refused: list[Record] = field(default_factory=list)


class Writer(Protocol):
    """Where records go."""

    def deliver(self, records: Sequence[Record], abandon: threading.Event) -> list[Delivery]:
        """Return one delivery for each record, in order."""

    def close(self) -> None:
        """Let go of the connection."""


class DeliveryThread:
    """Delivers pending bars until it is closed. `on_delivered` is called on the delivery thread."""

    def __init__(
        self,
        writer: Writer,
        memory: StateStore,
        metrics: Metrics,
        on_delivered: Callable[[PendingBars], None],
    ) -> None:
        self._writer = writer
        self._memory = memory
        self._metrics = metrics
        self._on_delivered = on_delivered
        self._queue: deque[PendingBars] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._abandon = threading.Event()
        self._progress_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="delivery", daemon=True)
        self.failure: StateStoreError | SettingError | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def submit(self, pending: PendingBars) -> None:
        """Take pending bars that are to be delivered."""
        with self._changed:
            if not self._queue:
                self._progress_at = time.monotonic()
            self._queue.append(pending)
            self._metrics.waiting(self._count())
            self._changed.notify()

    def waiting(self) -> int:
        """Return how many records have no answer yet."""
        with self._changed:
            return self._count()

    def stuck_seconds(self) -> float:
        """Return for how long records have waited without one being acknowledged."""
        with self._changed:
            return time.monotonic() - self._progress_at if self._queue else 0.0

    def is_alive(self) -> bool:
        """Return whether the thread runs."""
        return self._thread.is_alive()

    def close(self, seconds: float) -> int:
        """Deliver what is in hand, for up to `seconds` and while Kafka takes it, then stop.

        Returns how many records are left over.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        deadline = time.monotonic() + seconds
        while self._thread.is_alive() and time.monotonic() < deadline:
            self._thread.join(min(_LOOK_SECONDS, seconds))
            if self.stuck_seconds() > _STUCK_SECONDS:
                break
        self._abandon.set()
        self._thread.join(_ABANDON_SECONDS)
        return self.waiting()

    def carry(self) -> bool:
        """Deliver the next batch; return False when there is none and it is closing."""
        batch = self._next_batch()
        if not batch:
            return False
        records = [record for _, record in batch]
        self._settle(batch, self._writer.deliver(records, self._abandon))
        return True

    def _count(self) -> int:
        return sum(len(pending.waiting) for pending in self._queue)

    def _run(self) -> None:
        try:
            while self.carry():
                pass
        except (StateStoreError, SettingError) as failure:
            self.failure = failure
        finally:
            self._writer.close()

    def _next_batch(self) -> list[tuple[PendingBars, Record]]:
        """Return the next records to send; none when there is nothing left and it is closing."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            if self._abandon.is_set():
                return []
            batch: list[tuple[PendingBars, Record]] = []
            for pending in self._queue:
                share = min(PENDING_SHARE, BATCH_RECORDS - len(batch))
                batch += [(pending, record) for record in list(pending.waiting)[:share]]
            return batch

    def _settle(
        self, batch: Sequence[tuple[PendingBars, Record]], deliveries: Sequence[Delivery]
    ) -> None:
        pairs = list(zip(batch, deliveries, strict=True))
        reach("producer.acknowledged")
        acknowledged = [record for (_, record), end in pairs if end is Delivery.ACKNOWLEDGED]
        # Remembered before anything else: from here on a restart does not send them again.
        self._memory.remember(
            ((record.series, record.exchange_time, record.fingerprint) for record in acknowledged),
            max((record.observed_at for record in acknowledged), default=""),
        )
        reach("producer.remembered")
        self._metrics.acknowledged(record.series.interval for record in acknowledged)
        done = self._sort(pairs)
        for pending in done:
            self._on_delivered(pending)

    def _sort(
        self, pairs: Sequence[tuple[tuple[PendingBars, Record], Delivery]]
    ) -> list[PendingBars]:
        """Take settled records out of the queue; return the answers that are delivered whole."""
        with self._changed:
            kept: dict[int, list[Record]] = {}
            for (pending, record), end in pairs:
                pending.waiting.popleft()
                left = kept.setdefault(id(pending), [])
                if end is Delivery.FAILED:
                    left.append(record)
                elif end is Delivery.REFUSED:
                    pending.refused.append(record)
            for pending in self._queue:
                pending.waiting.extendleft(reversed(kept.get(id(pending), [])))
            if any(end is not Delivery.FAILED for _, end in pairs):
                self._progress_at = time.monotonic()
            done = [pending for pending in self._queue if not pending.waiting]
            # The next batch begins with the answers that this one did not reach.
            self._queue = deque(pending for pending in self._queue if pending.waiting)
            self._queue.rotate(-sum(1 for pending in self._queue if id(pending) in kept))
            self._metrics.waiting(self._count())
            return done
