"""The messages that are to be sent, as they are kept in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from services.alerts import sql
from services.alerts.connection import Connection


class Due(NamedTuple):
    """A message that is to be sent to a receiver."""

    message_id: str
    body: str
    tries: int
    added_at: datetime


@dataclass(frozen=True)
class Outbox:
    """Every method raises DatabaseError."""

    connection: Connection

    def due(self, receiver: str, most: int) -> list[Due]:
        """Return messages that are to be sent now."""
        return [Due(*row) for row in self.connection.rows(sql.DUE, (receiver, most))]

    def next_due_seconds(self, receiver: str) -> float | None:
        """Return in how many seconds the next message is to be sent, if one is."""
        found: float | None = self.connection.rows(sql.NEXT_DUE, (receiver,))[0][0]
        return found

    def delivered(self, receiver: str, message_ids: Sequence[str]) -> None:
        """Note that a receiver has messages."""
        self.connection.run(sql.DELIVERED, (receiver, list(message_ids)))

    def failed(
        self, receiver: str, message_id: str, error: str, wait: float, give_up: float
    ) -> bool:
        """Note that a try failed, and when the next one is; return whether there is none."""
        query = {
            "receiver": receiver,
            "message_id": message_id,
            "error": error,
            "wait_seconds": wait,
            "give_up_seconds": give_up,
        }
        return bool(self.connection.rows(sql.FAILED, query)[0][0])

    def end_unserved(self, receivers: Sequence[str], reason: str) -> dict[str, int]:
        """Send nothing more to others than these; return how many messages that ends, by
        receiver."""
        query = {"receivers": list(receivers), "reason": reason}
        return dict(self.connection.rows(sql.END_UNSERVED, query))

    def pending(self) -> dict[str, tuple[int, float]]:
        """Return for each receiver how many messages wait, and for how many seconds the oldest."""
        found = self.connection.rows(sql.PENDING)
        return {receiver: (count, seconds) for receiver, count, seconds in found}

    def forget(self, days: int) -> None:
        """Remove the deliveries that ended so many days ago."""
        self.connection.run(sql.FORGET, (days,))
