"""What the leading instance does from time to time, beside evaluating what changed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final

from services.alerts.api_requests.request_store import RequestStore
from services.alerts.connection import Connection
from services.alerts.context_store import ContextStore
from services.alerts.evaluation.series import RuleIndex
from services.alerts.evaluation.silence_watch import SilenceWatch
from services.alerts.event_retention import EventRetention
from services.alerts.event_store import EventStore
from services.alerts.metrics import Metrics
from services.alerts.outbox import Outbox
from services.alerts.rule_store import RuleStore

_SILENCE_SECONDS: Final = 10.0
_COUNT_SECONDS: Final = 10.0
_HOUR_SECONDS: Final = 3600.0
_KEPT_DAYS: Final = 90
_EVENT_DAYS: Final = 400


@dataclass
class _Every:
    """Says when so many seconds are over."""

    seconds: float
    last: float = field(default_factory=time.monotonic)

    def is_due(self) -> bool:
        """Return whether they are, and count anew if so."""
        now = time.monotonic()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True


@dataclass
class Housekeeping:
    """Every method raises DatabaseError."""

    connection: Connection
    metrics: Metrics
    silences: SilenceWatch
    _listening: _Every = field(default_factory=lambda: _Every(_SILENCE_SECONDS))
    _counting: _Every = field(default_factory=lambda: _Every(_COUNT_SECONDS))
    _tidying: _Every = field(default_factory=lambda: _Every(_HOUR_SECONDS))

    def do(self, index: RuleIndex) -> None:
        """Do what it is time for; `index` has the rules in force."""
        if self._listening.is_due():
            self._look_for_silence(index)
        if self._counting.is_due():
            self.metrics.waiting(Outbox(self.connection).pending())
            self.metrics.work.set(EventStore(self.connection).waiting_work())
            RequestStore(self.connection).drop_old()
        if self._tidying.is_due():
            RuleStore(self.connection).extend_watch()
            Outbox(self.connection).forget(_KEPT_DAYS)
            retention = EventRetention(self.connection)
            retention.forget(_EVENT_DAYS)
            index.forgotten_until = retention.forgotten_until()

    def _look_for_silence(self, index: RuleIndex) -> None:
        """Let series be looked at that have become too quiet for a rule."""
        if self.silences.index is not index:
            self.silences = SilenceWatch(index)
        if self.silences.watched:
            newest = ContextStore(self.connection).newest(self.silences.watched)
            EventStore(self.connection).add_work(self.silences.works(newest))
