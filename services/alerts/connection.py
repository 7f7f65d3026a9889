"""A connection to PostgreSQL. The only module of the alerts that imports psycopg."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import psycopg

from services.alerts.settings import ACCOUNT
from services.common.database_session import session_options
from services.common.shared_settings import PostgresAddress

_OPTIONS: Final = (
    "lock_timeout=30s",
    "statement_timeout=300s",
    "tcp_keepalives_idle=10",
    "tcp_keepalives_interval=5",
    "tcp_keepalives_count=3",
    "tcp_user_timeout=30s",
    # Every partition of the bars would be planned for again and again.
    "plan_cache_mode=force_generic_plan",
)


class DatabaseError(Exception):
    """The database did not do what it was asked; one line."""


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise DatabaseError(" ".join(str(error).split()) or type(error).__name__) from None


class Connection:
    """Each statement commits by itself unless a transaction is open; several threads may use it,
    one at a time. Every method raises DatabaseError."""

    def __init__(self, address: PostgresAddress, name: str) -> None:
        with _translated():
            self._connection = psycopg.connect(
                host=address.host,
                port=address.port,
                dbname=address.database,
                user=ACCOUNT,
                password=address.password.reveal(),
                application_name=name,
                connect_timeout=10,
                client_encoding="utf8",
                options=session_options(*_OPTIONS),
                autocommit=True,
                prepare_threshold=1,
            )

    @property
    def is_open(self) -> bool:
        """Whether it can still be used."""
        return not self._connection.closed

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all that is done meanwhile, or nothing of it."""
        with _translated(), self._connection.transaction():
            yield

    def heard(self, seconds: float) -> set[str]:
        """Return the channels of notifications that came; without one wait, at most so long."""
        with _translated():
            notes = self._connection.notifies(timeout=seconds, stop_after=1)
            return {note.channel for note in notes}

    def rows(self, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
        """Return all rows of a statement."""
        with _translated():
            return self._connection.execute(statement.encode(), parameters).fetchall()

    def run_columns(self, statement: str, rows: Iterable[Sequence[object]]) -> None:
        """Run a statement that takes a list for each column of some rows, at least one."""
        self.run(statement, [list(column) for column in zip(*rows, strict=True)])

    def run(self, statement: str, parameters: Any = None) -> None:
        """Run a statement that returns nothing."""
        with _translated():
            self._connection.execute(statement.encode(), parameters)
