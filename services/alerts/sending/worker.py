"""Takes the messages of one receiver to it, in threads of its own: a dead one delays no other.

Several go at once, each over a connection of its own, or a receiver that answers in 50 ms could be
told 20 things a second. Those of one alert go one after another: only its first is due.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Final, Protocol

from services.alerts.connection import DatabaseError
from services.alerts.outbox import Due, Outbox
from services.alerts.sending.errors import SendError
from services.alerts.sending.retry import message_seconds, receiver_seconds
from services.common.fail_points import reach

_BATCH: Final = 200
_LOOK_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 1.0


class Sender(Protocol):
    """A way to a receiver."""

    def send(self, message_id: str, body: str) -> None:
        """Send a message. Raises SendError."""

    def close(self) -> None:
        """Let go of what is open."""


@dataclass
class _Done:
    """What became of messages; threads add to it at once."""

    delivered: list[str] = field(default_factory=list)
    failed: list[tuple[Due, SendError]] = field(default_factory=list)

    @property
    def is_away(self) -> bool:
        """Whether the receiver did not answer as one that takes messages."""
        return any(error.is_away for _, error in self.failed)


@dataclass
class Worker:
    """Sends until `stopping` is set, by each of `senders` one message at a time; `on_end` is told
    of each try: "delivered", "failed", "given_up"."""

    name: str
    senders: Sequence[Sender]
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
        """End after the messages in hand."""
        self.stopping.set()
        self._wake.set()

    def join(self, seconds: float) -> None:
        """Wait for the end, at most so long."""
        self._thread.join(seconds)

    def _run(self) -> None:
        with ThreadPoolExecutor(len(self.senders), f"to {self.name}") as lanes:
            while not self.stopping.is_set():
                try:
                    seconds = self._round(self.outbox(), lanes)
                except DatabaseError as error:
                    self.log.warning("receiver %s waits for the database: %s", self.name, error)
                    seconds = _RETRY_SECONDS
                if seconds > 0:
                    self._wake.wait(seconds)
        for sender in self.senders:
            sender.close()

    def _round(self, outbox: Outbox, lanes: ThreadPoolExecutor) -> float:
        """Send what is due; return how long to wait then."""
        self._wake.clear()
        due = outbox.due(self.name, _BATCH)
        done = _Done()
        try:
            self._send_all(lanes, due, done)
        finally:
            if done.delivered:
                outbox.delivered(self.name, done.delivered)
                reach("alerts.marked")
        if self._note(outbox, done):
            self.stopping.wait(receiver_seconds(self._failures))
            return 0.0
        if due:
            return 0.0
        following = outbox.next_due_seconds(self.name)
        return _LOOK_SECONDS if following is None else min(_LOOK_SECONDS, max(0.05, following))

    def _send_all(self, lanes: ThreadPoolExecutor, due: Sequence[Due], done: _Done) -> None:
        """Send messages until the receiver turns out to be away."""
        # One that was away is tried by one message first.
        senders = self.senders[:1] if self._failures else self.senders
        count = len(senders)
        shares = [
            lanes.submit(self._send_share, sender, due[lane::count], done)
            for lane, sender in enumerate(senders)
        ]
        wait(shares)
        for share in shares:
            share.result()

    def _send_share(self, sender: Sender, share: Sequence[Due], done: _Done) -> None:
        for message in share:
            if self.stopping.is_set() or done.is_away:
                return
            try:
                sender.send(message.message_id, message.body)
            except SendError as error:
                done.failed.append((message, error))
            else:
                reach("alerts.sent")
                done.delivered.append(message.message_id)
                self.on_end(self.name, "delivered")

    def _note(self, outbox: Outbox, done: _Done) -> bool:
        """Keep what failed, and say so; return whether the receiver is away."""
        is_known = self._failures > 0 and not done.delivered
        if done.delivered and self._failures:
            self.log.info("receiver %s takes messages again", self.name)
            self._failures = 0
        for message, error in done.failed:
            self._failed(outbox, message, error, is_known=is_known)
            is_known = is_known or error.is_away
        self._failures += done.is_away
        return done.is_away

    def _failed(self, outbox: Outbox, message: Due, error: SendError, *, is_known: bool) -> None:
        wait_seconds = message_seconds(message.tries, random.random())  # noqa: S311 - no secret
        given_up = outbox.failed(
            self.name, message.message_id, str(error), wait_seconds, self.give_up_seconds
        )
        self.on_end(self.name, "given_up" if given_up else "failed")
        if given_up:
            self.log.error("message %s to %s is given up: %s", message.message_id, self.name, error)
        elif not error.is_away or not is_known:
            self.log.warning("receiver %s: %s; it is tried again", self.name, error)
