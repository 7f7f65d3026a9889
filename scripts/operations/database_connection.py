"""Opens a session with the database for a person; one that may write leaves a trace."""

from __future__ import annotations

from scripts.operations import compose_commands
from scripts.operations.operation import Operation


def open_(operation: Operation, *, write: bool, query: str) -> int:
    """Open it in the person's terminal, or run one query; return its exit code.

    A session that may write is in the audit log before it begins: whatever becomes of the
    connection, it is known that somebody was there. What was typed is not, as it may hold a secret.
    """
    what = "psql --write, one query" if query else "psql --write, a session"
    if write:
        operation.record(what, "begun")
    code = operation.shell.show(compose_commands.psql(operation.target, write=write, query=query))
    if write:
        operation.record(what, f"ended with {code}")
    return code
