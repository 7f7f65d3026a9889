"""What an SQLSTATE means for the sink: wait and try again, reject the row, or stop.

Only faults of the data may reach the dead-letter topic; a full disk or a restart of the server
must never divert good bars there. Classes: https://www.postgresql.org/docs/current/errcodes-appendix.html
"""

from __future__ import annotations

from enum import Enum


class Fault(Enum):
    """How the sink answers an error of the database."""

    ENVIRONMENT = "environment"
    """Connection, disk, memory, locks, shutdown: retried without limit, with an alarm."""
    DATA = "data"
    """The row itself: isolated and rejected."""
    UNKNOWN = "unknown"
    """Anything else, such as a missing table or right: the job stops loudly."""


_ENVIRONMENT_CLASSES = ("08", "40", "53", "57", "58")
_ENVIRONMENT_STATES = (
    "25006",  # read-only: a standby, or held up by the administrator
    "25P03",  # idle in a transaction, or a transaction, for too long
    "25P04",
    "54000",  # NOTIFY's queue is full: a listener is behind; a row of ours reaches no such limit
    "55000",  # the database takes no connections while another takes its place
    "55006",
    "55P03",  # a lock was not to be had in time
    "72000",  # the snapshot is too old
)
_DATA_CLASSES = ("22", "23")


def classify(sqlstate: str | None) -> Fault:
    """Return the fault that `sqlstate` stands for; None means that the connection broke."""
    if sqlstate is None or sqlstate in _ENVIRONMENT_STATES:
        return Fault.ENVIRONMENT
    if sqlstate[:2] in _ENVIRONMENT_CLASSES:
        return Fault.ENVIRONMENT
    if sqlstate[:2] in _DATA_CLASSES:
        return Fault.DATA
    return Fault.UNKNOWN


class DatabaseError(Exception):
    """An error of the database: one line, and its SQLSTATE (None: the connection broke)."""

    def __init__(self, message: str, sqlstate: str | None) -> None:
        super().__init__(message)
        self.sqlstate = sqlstate
        self.fault = classify(sqlstate)
