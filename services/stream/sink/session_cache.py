"""A task's session, kept open for the next task of the same Python worker.

A new one costs a task as much as thousands of rows: the server's process, its password check, its
first look at every partition of the table. It must be imported, not pickled with a task's function.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.stream.settings import PostgresAddress
from services.stream.sink import postgres
from services.stream.sink.postgres import Session

_kept: dict[str, tuple[PostgresAddress, Session]] = {}
"""By the application's name one, so that tasks of two kinds do not close each other's."""


@contextmanager
def cached_session(address: PostgresAddress, application_name: str) -> Iterator[Session]:
    """Yield an open session that nobody else uses; after an error it is closed.

    Raises DatabaseError.
    """
    session = _taken(address, application_name)
    if session is None or not session.answers():
        session = postgres.connect(address, application_name)
    try:
        yield session
    except BaseException:
        session.close()
        raise
    _close(_kept.pop(application_name, None))
    _kept[application_name] = (address, session)


def close_cached_sessions() -> None:
    """Close what was kept, of whatever database."""
    while _kept:
        _close(_kept.popitem()[1])


def _taken(address: PostgresAddress, application_name: str) -> Session | None:
    kept = _kept.pop(application_name, None)
    if kept is not None and kept[0] == address:
        return kept[1]
    _close(kept)
    return None


def _close(kept: tuple[PostgresAddress, Session] | None) -> None:
    if kept is not None:
        kept[1].close()
