"""A connection to PostgreSQL whose waits are bounded: rows and COPY, in and out.

Errors of the driver become DatabaseError. The only module of the stream that imports psycopg.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Self

import psycopg

from services.common.database_session import session_options
from services.stream.settings import PostgresAddress
from services.stream.sqlstate import DatabaseError

# A blocked or endless statement becomes an error, which is retried with an alarm. And the server
# notices within half a minute that a network took the client away: until then the connection that
# is gone keeps its locks, and the one that takes its place is told of a second instance.
_OPTIONS = (
    "lock_timeout=30s",
    "statement_timeout=300s",
    "tcp_keepalives_idle=10",
    "tcp_keepalives_interval=5",
    "tcp_keepalives_count=3",
    "tcp_user_timeout=30s",
    "client_connection_check_interval=10s",
)


class Connection:
    """Every method raises DatabaseError. Each statement commits by itself unless a transaction is
    open."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, address: PostgresAddress, application_name: str) -> Self:
        """Connect."""
        with _translated():
            connection = psycopg.connect(
                host=address.host,
                port=address.port,
                dbname=address.database,
                user=address.user,
                password=address.password.reveal(),
                application_name=application_name,
                connect_timeout=10,
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
                tcp_user_timeout=30_000,
                client_encoding="utf8",
                options=session_options(*_OPTIONS),
                autocommit=True,
            )
        return cls(connection)

    @property
    def broken(self) -> bool:
        """Whether the connection is gone."""
        return self._connection.closed

    def answers(self) -> bool:
        """Whether the server still answers on the connection, which is closed if not."""
        try:
            self.fetch("select 1")
        except DatabaseError:
            self.close()
        return not self.broken

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it; nested, it is a savepoint."""
        with _translated(), self._connection.transaction():
            yield

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement of the stream's own."""
        with _translated():
            self._connection.execute(statement.encode(), parameters or None)

    def run_each(self, statement: str, parameters: Iterable[Mapping[str, Any]]) -> None:
        """Run a statement of the stream's own for each of these."""
        with _translated(), self._connection.cursor() as cursor:
            cursor.executemany(statement.encode(), parameters)

    def fetch(
        self, statement: str, parameters: Sequence[Any] = (), prepare: bool | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of the stream's own; the server plans it anew for these
        parameters if it is not to `prepare`."""
        with _translated():
            found = self._connection.execute(
                statement.encode(), parameters or None, prepare=prepare
            )
            return found.fetchall()

    def copy_out(self, statement: str, parameters: Sequence[Any]) -> bytes:
        """Return what a COPY TO STDOUT sends."""
        with self._copy(statement, parameters) as copy:
            return b"".join(bytes(part) for part in copy)

    def copy_in(self, statement: str, parts: Iterable[bytes | memoryview]) -> None:
        """Send all that a COPY FROM STDIN takes, in parts of any size."""
        with self._copy(statement) as copy:
            for part in parts:
                copy.write(part)

    def copy_rows(
        self, statement: str, types: Sequence[str], rows: Iterable[Sequence[Any]]
    ) -> None:
        """Send rows of these types to a COPY FROM STDIN."""
        with self._copy(statement) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    @contextlib.contextmanager
    def _copy(
        self, statement: str, parameters: Sequence[Any] | None = None
    ) -> Iterator[psycopg.Copy]:
        with (
            _translated(),
            self._connection.cursor() as cursor,
            cursor.copy(statement.encode(), parameters) as copy,
        ):
            yield copy


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    """Turn every error of the driver into a DatabaseError."""
    try:
        yield
    except psycopg.Error as error:
        message = " ".join(str(error).split()) or type(error).__name__
        raise DatabaseError(message, _sqlstate(error)) from error


def _sqlstate(error: psycopg.Error) -> str | None:
    if error.sqlstate is not None:
        return error.sqlstate
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return None
    # The driver itself refused; it does so without a state.
    return "22000" if isinstance(error, psycopg.DataError) else "XX000"
