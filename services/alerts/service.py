"""The alerts as a whole: one instance leads; it evaluates what changed and sends what came of it.

The lead is an advisory lock of the very connection that evaluates: whoever lost it can keep nothing
any more. Removing the work, keeping events and adding messages is one transaction.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Event, Lock
from typing import Final

from services.alerts.api_requests.desk import Desk
from services.alerts.connection import Connection, DatabaseError
from services.alerts.evaluation.evaluator import evaluate
from services.alerts.evaluation.series import RuleIndex
from services.alerts.evaluation.silence_watch import SilenceWatch
from services.alerts.event_retention import EventRetention
from services.alerts.event_store import EventStore
from services.alerts.housekeeping import Housekeeping
from services.alerts.metrics import Metrics
from services.alerts.outbox import Outbox
from services.alerts.pace import Pace
from services.alerts.rule_store import FROM_FILE, RuleStore
from services.alerts.rules.model import Alerts, Receiver, RuleError, WebhookReceiver
from services.alerts.rules.reader import read_file
from services.alerts.sending.apprise_sender import AppriseSender
from services.alerts.sending.errors import SendError
from services.alerts.sending.webhook import WebhookSender
from services.alerts.sending.worker import Sender, Worker
from services.alerts.settings import Settings
from services.common.fail_points import reach
from services.common.process.heartbeat import Heartbeat

_WORK_ROWS: Final = 2_000
_LOOK_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 5.0
_WEBHOOKS_AT_ONCE: Final = 8
_UNSERVED: Final = "the file has no such receiver any more"


@dataclass
class Service:
    """`run` lasts until `stopping` is set. `alerts` is what the file said at the start."""

    settings: Settings
    alerts: Alerts
    stopping: Event
    metrics: Metrics
    log: logging.Logger
    _workers: list[Worker] = field(default_factory=list)
    _read_at: float = 0.0
    _sharing: Lock = field(default_factory=Lock)
    _shared: Connection | None = None

    def run(self) -> None:
        """Lead, or wait for the lead, whatever becomes of the database meanwhile."""
        self._read_at = self._file_time()
        was_away = False
        while not self.stopping.is_set():
            try:
                with contextlib.closing(self._connect("tapeline alerts")) as connection:
                    was_away = False
                    if self._await_lead(EventStore(connection)):
                        self._lead(connection)
            except DatabaseError as error:
                if not was_away:
                    self.log.warning(
                        "waiting for PostgreSQL at %s: %s", self.settings.postgres, error
                    )
                was_away = True
                self.stopping.wait(_RETRY_SECONDS)

    def _connect(self, name: str) -> Connection:
        return Connection(self.settings.postgres, name)

    def _await_lead(self, store: EventStore) -> bool:
        told = False
        while not self.stopping.is_set():
            self._beat()
            if store.try_lead():
                return True
            if not told:
                self.log.info("another instance works; this one waits to take over")
            told = True
            self.stopping.wait(_LOOK_SECONDS)
        return False

    def _lead(self, connection: Connection) -> None:
        store, rules = EventStore(connection), RuleStore(connection)
        store.listen()
        desk = Desk(self._connect, self.log)
        try:
            self.metrics.leads.set(1)
            self.metrics.evaluated()
            index = self._begin(rules)
            house = Housekeeping(connection, self.metrics, SilenceWatch(index))
            pace, is_asked = Pace(connection, self.stopping), True
            while not self.stopping.is_set():
                if self._has_new_file():
                    index = self._begin(rules)
                if is_asked:
                    index = self._answer(desk, rules) or index
                took = self._round(index, store)
                self.metrics.evaluated()
                is_asked = pace.wait(took)
                self._beat()
                house.do(index)
        finally:
            self.metrics.led()
            desk.stop()
            self._stop_workers()
            if self._shared is not None:
                self._shared.close()

    def _begin(self, rules: RuleStore) -> RuleIndex:
        """Put the rules in force and let the receivers be served."""
        self._stop_workers()
        with rules.connection.transaction():
            index = self._in_force(rules)
            unserved = Outbox(rules.connection).end_unserved(self._receivers(), _UNSERVED)
        for name, count in unserved.items():
            self.log.warning("%d messages to %s are given up: %s", count, name, _UNSERVED)
        self._workers = [self._worker(receiver) for receiver in self.alerts.receivers]
        for worker in self._workers:
            worker.start()
        self.log.info(
            "%d rules are in force, %d receivers are served", len(index.rules), len(self._workers)
        )
        return index

    def _in_force(self, rules: RuleStore) -> RuleIndex:
        """Return the rules of the file, which are kept, and those that were made by the API."""
        of_file = rules.keep_rules(self.alerts.rules, FROM_FILE)
        by_api, wrong = rules.made_by_api(self._receivers())
        for one in wrong:
            self.log.warning("%s", one)
        forgotten_until = EventRetention(rules.connection).forgotten_until()
        index = RuleIndex([*of_file, *by_api], forgotten_until)
        rules.watch(index.watched())
        self.metrics.rules.set(len(index.rules))
        return index

    def _answer(self, desk: Desk, rules: RuleStore) -> RuleIndex | None:
        """Answer what the API asks; return the rules in force if that has changed them."""
        with rules.connection.transaction():
            return self._in_force(rules) if desk.answer_all(rules, self._receivers()) else None

    def _receivers(self) -> list[str]:
        return [receiver.name for receiver in self.alerts.receivers]

    def _round(self, index: RuleIndex, store: EventStore) -> float:
        """Evaluate some of what changed; return the processor seconds it took, 0 if none did."""
        begun, worked = time.monotonic(), time.thread_time()
        with store.connection.transaction():
            works = store.take_work(_WORK_ROWS)
            if not works:
                return 0.0
            changes, rest = evaluate(index, works, store)
            store.add_work(rest)
            added = store.apply(changes, datetime.now(UTC)) if changes else 0
            reach("alerts.evaluated")
        reach("alerts.committed")
        self.metrics.messages.inc(added)
        self.metrics.round_seconds.set(time.monotonic() - begun)
        if added:
            for worker in self._workers:
                worker.wake()
        return time.thread_time() - worked

    def _worker(self, receiver: Receiver) -> Worker:
        return Worker(
            name=receiver.name,
            senders=make_senders(receiver, self.settings.timeout_seconds),
            outbox=self._outbox,
            give_up_seconds=3600 * self.settings.give_up_hours,
            on_end=self.metrics.ended,
            log=self.log,
        )

    def _outbox(self) -> Outbox:
        """Return what all receivers' threads share."""
        with self._sharing:
            if self._shared is None or not self._shared.is_open:
                self._shared = self._connect("tapeline alerts' outbox")
            return Outbox(self._shared)

    def _stop_workers(self) -> None:
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            worker.join(_STOP_SECONDS)
        self._workers = []

    def _file_time(self) -> float:
        with contextlib.suppress(OSError):
            return self.settings.file.stat().st_mtime
        return 0.0

    def _has_new_file(self) -> bool:
        """Read the file if it has changed; return whether there are other rules now."""
        changed_at = self._file_time()
        if changed_at == self._read_at:
            return False
        self._read_at = changed_at
        try:
            self.alerts = checked(self.settings)
        except RuleError as error:
            self.metrics.file_is_wrong.set(1)
            self.log.error("%s; the rules of before stay in force", error)  # noqa: TRY400
            return False
        self.metrics.file_is_wrong.set(0)
        return True

    def _beat(self) -> None:
        if self.settings.heartbeat_file is not None:
            Heartbeat(self.settings.heartbeat_file).beat()


def make_senders(receiver: Receiver, timeout_seconds: float) -> Sequence[Sender]:
    """Return ways to a receiver, each for one thread. Raises SendError if there is none."""
    if isinstance(receiver, WebhookReceiver):
        return [WebhookSender(receiver, timeout_seconds) for _ in range(_WEBHOOKS_AT_ONCE)]
    # Such services take a few messages a second, and refuse more.
    return [AppriseSender(receiver)]


def checked(settings: Settings) -> Alerts:
    """Return what the file says, its receivers tried as far as that sends nothing. Raises
    RuleError."""
    alerts = read_file(settings.file)
    for receiver in alerts.receivers:
        try:
            for sender in make_senders(receiver, settings.timeout_seconds):
                sender.close()
        except SendError as error:
            raise RuleError(f"{settings.file.name}: {error}") from None
    return alerts
