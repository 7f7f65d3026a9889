"""A task's session, kept open for the next task of the same Python worker.

A new one costs a task as much as thousands of rows: the server's process, its password check, its
first look at every partition of the table. It must be imported, not pickled with a task's function.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.stream import postgres
from services.stream.postgres import Session
from services.stream.settings import PostgresAddress

_Key = tuple[PostgresAddress, str]
_kept: dict[_Key, Session] = {}


@contextmanager
def kept_session(address: PostgresAddress, application_name: str) -> Iterator[Session]:
    """Yield an open session that nobody else uses; after an error it is closed.

    Raises DatabaseError.
    """
    key = (address, application_name)
    session = _kept.pop(key, None)
    if session is None or not session.answers():
        close_kept_sessions()
        session = postgres.connect(address, application_name)
    try:
        yield session
    except BaseException:
        session.close()
        raise
    if (other := _kept.pop(key, None)) is not None:
        other.close()
    _kept[key] = session


def close_kept_sessions() -> None:
    """Close what was kept, of whatever database."""
    while _kept:
        _kept.popitem()[1].close()
