"""What the parts of the producer's loop share: clocks, collaborators, and the way to stop."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from services.producer.alpha_vantage.rate_limiter import Pacer
from services.producer.market_calendar import Sessions
from services.producer.metrics import Metrics, StopCause
from services.producer.polling.fetch_pool import Fetched, Fetcher
from services.producer.polling.watchlist import Watchlist
from services.producer.publishing.delivery import DeliveryThread, PendingBars
from services.producer.publishing.state_store import StateStore
from services.producer.settings import Settings

Inbox = queue.SimpleQueue[Fetched | PendingBars | None]
_REPEAT_SECONDS: Final = 300.0
_REMEMBERED_WORDINGS: Final = 1_000


class ProducerStoppedError(Exception):
    """The producer cannot go on; the message is one line for the operator."""

    def __init__(self, message: str, exit_code: int, cause: StopCause = StopCause.FAULT) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.cause = cause


@dataclass(frozen=True)
class Clocks:
    """The real UTC clock, the market's clock, and the monotonic one."""

    real: Callable[[], datetime]
    market: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Context:
    """What the loop works with. `inbox` wakes it; None in it means no more than that."""

    settings: Settings
    clocks: Clocks
    memory: StateStore
    pacer: Pacer
    sessions: Sessions
    fetcher: Fetcher
    delivery_thread: DeliveryThread
    watchlist: Watchlist
    metrics: Metrics
    inbox: Inbox
    stop: threading.Event
    beat: Callable[[], None]
    complaints: Complaints
    works: Callable[[], None] = lambda: None  # told of each answer that brings bars
    once: bool = False
    tick_seconds: float = 0.25  # how often the loop looks at the clocks when nothing wakes it


@dataclass
class Complaints:
    """Warns of a fault when it is new, and again every five minutes while it lasts."""

    log: logging.Logger
    _said_at: dict[str, float] = field(default_factory=dict)

    def say(self, subject: str, text: str, monotonic: float) -> None:
        """Warn unless the same `subject` was warned of within the last five minutes."""
        if monotonic - self._said_at.get(subject, float("-inf")) < _REPEAT_SECONDS:
            return
        if len(self._said_at) >= _REMEMBERED_WORDINGS:
            self._said_at.clear()
        self._said_at[subject] = monotonic
        self.log.warning("%s", text)
