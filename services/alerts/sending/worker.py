"""Takes the messages of one receiver to it, in a thread of its own: a dead one delays no other."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Final, Protocol

from services.alerts.connection import DatabaseError
from services.alerts.outbox import Due, Outbox
from services.alerts.sending.errors import SendError
from services.alerts.sending.retry import message_seconds, receiver_seconds
from services.common.fail_points import reach

_BATCH: Final = 50
_LOOK_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 1.0


class Sender(Protocol):
    """A way to a receiver."""

    def send(self, message_id: str, body: str) -> None:
        """Send a message. Raises SendError."""

    def close(self) -> None:
        """Let go of what is open."""


@dataclass
class Worker:
    """Sends until `stopping` is set; `on_end` is told of each try: "delivered", "failed",
    "given_up"."""

    name: str
    sender: Sender
    outbox: Callable[[], Outbox]
    give_up_seconds: float
    on_end: Callable[[str, str], None]
    log: logging.Logger
    stopping: Event = field(default_factory=Event)
    _wake: Event = field(default_factory=Event)
    _failures: int = 0

    def start(self) -> None:
        """Begin."""
        self._thread = Thread(target=self._run, name=f"to {self.name}", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Say that there may be something to send."""
        self._wake.set()

    def stop(self) -> None:
        """End after the message in hand."""
        self.stopping.set()
        self._wake.set()

    def join(self, seconds: float) -> None:
        """Wait for the end, at most so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                wait = self._round(self.outbox())
            except DatabaseError as error:
                self.log.warning("receiver %s waits for the database: %s", self.name, error)
                wait = _RETRY_SECONDS
            if wait > 0:
                self._wake.wait(wait)
        self.sender.close()

    def _round(self, outbox: Outbox) -> float:
        """Send what is due; return how long to wait then."""
        self._wake.clear()
        due = outbox.due(self.name, _BATCH)
        delivered: list[str] = []
        try:
            is_away = self._send_all(outbox, due, delivered)
        finally:
            if delivered:
                outbox.delivered(self.name, delivered)
                reach("alerts.marked")
        if is_away:
            self.stopping.wait(receiver_seconds(self._failures))
            return 0.0
        if due:
            return 0.0
        following = outbox.next_due_seconds(self.name)
        return _LOOK_SECONDS if following is None else min(_LOOK_SECONDS, max(0.05, following))

    def _send_all(self, outbox: Outbox, due: list[Due], delivered: list[str]) -> bool:
        """Send messages until the receiver turns out to be away; return whether it is."""
        for message in due:
            if self.stopping.is_set():
                return False
            try:
                self.sender.send(message.message_id, message.body)
            except SendError as error:
                if self._failed(outbox, message, error):
                    return True
            else:
                reach("alerts.sent")
                delivered.append(message.message_id)
                self.on_end(self.name, "delivered")
                if self._failures:
                    self.log.info("receiver %s takes messages again", self.name)
                self._failures = 0
        return False

    def _failed(self, outbox: Outbox, message: Due, error: SendError) -> bool:
        wait = message_seconds(message.tries, random.random())  # noqa: S311 - no secret
        given_up = outbox.failed(
            self.name, message.message_id, str(error), wait, self.give_up_seconds
        )
        self.on_end(self.name, "given_up" if given_up else "failed")
        if given_up:
            self.log.error("message %s to %s is given up: %s", message.message_id, self.name, error)
        elif not error.is_away or self._failures == 0:
            self.log.warning("receiver %s: %s; it is tried again", self.name, error)
        if error.is_away:
            self._failures += 1
        return error.is_away
