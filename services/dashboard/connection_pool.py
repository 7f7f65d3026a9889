"""Everything the dashboard says to PostgreSQL: a small pool that reads, one that listens, and
snapshots that others read in threads of their own.

The only module that imports psycopg. The role may read the views of `bi` and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import select
from collections.abc import AsyncGenerator, Generator, Iterator, Mapping, Sequence
from typing import Any, Final

import psycopg
from psycopg import AsyncConnection
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from services.common.database_session import session_options
from services.common.shared_settings import PostgresAddress
from services.dashboard.settings import ACCOUNT

CHANNEL: Final = "bars"
"""What the stream notifies at each commit; a contract test compares it."""

_CONNECTIONS: Final = 8  # with the one that listens and snapshots, of the 12 of the account
SNAPSHOTS: Final = 2
"""As many may be open at once."""
_FOR_TABLES: Final = 4  # of them at most; the chart and the stream never wait for a table
_WAIT_SECONDS: Final = 4.0
# Whoever waits for a table holds nothing, and each of those before may take long.
_WAIT_FOR_TABLE_SECONDS: Final = 10.0
_LINES_JOINED: Final = 1000
_JOINED_AT_A_TIME: Final = 10
# For the snapshot of a download. How long it waits for its reader is for the reader's thread to
# say; a slice of it is sorted in memory.
_OF_SNAPSHOTS: Final = (
    "set local idle_in_transaction_session_timeout = 0",
    "set local statement_timeout = '300s'",
    "set local work_mem = '32MB'",
    "set local max_parallel_workers_per_gather = 0",  # what writes comes first
)
ROWS_AT_A_TIME: Final = 500
"""As few as hold the program's other work up for a few milliseconds only."""


_AWAY: Final = "the database is away or busy; this resumes by itself"


class DatabaseError(Exception):
    """The database did not answer. The message is one line for whoever looks at the page; `detail`,
    which may name hosts and accounts, is for the log."""

    def __init__(self, told: str, detail: str = "") -> None:
        super().__init__(told)
        self.detail = detail or told


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except PoolTimeout:
        raise DatabaseError(_AWAY) from None
    except psycopg.errors.QueryCanceled:
        raise DatabaseError("the query took too long; ask for less time or fewer rows") from None
    except (psycopg.OperationalError, psycopg.InterfaceError) as error:
        raise DatabaseError(_AWAY, _line(error)) from None
    except psycopg.Error as error:
        raise DatabaseError("the database refused the query", _line(error)) from error


def _line(error: psycopg.Error) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _parameters(address: PostgresAddress, name: str, *, may_ask: bool = False) -> dict[str, Any]:
    return {
        "host": address.host,
        "port": address.port,
        "dbname": address.database,
        "user": ACCOUNT,
        "password": address.password.reveal(),
        "application_name": name,
        "connect_timeout": 5,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "client_encoding": "utf8",
        "options": session_options(f"default_transaction_read_only={'off' if may_ask else 'on'}"),
        "autocommit": True,
    }


class Snapshot:
    """Reads what had been committed when it was taken. Every method raises DatabaseError."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def rows(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a statement."""
        with _translated():
            return self._connection.execute(statement.encode(), parameters).fetchall()

    def copy(self, statement: str, parameters: Sequence[Any]) -> Iterator[bytes]:
        """Yield the rows of a query as lines of CSV, some thousands at a time, as they come.

        While the caller does not take them the server waits with the statement, so that one that
        is left before its end is followed by none.
        """
        text = f"copy ({statement}) to stdout (format csv)"
        command = psycopg.ClientCursor(self._connection).mogrify(text, parameters)
        with _translated():
            connection = self._connection.pgconn
            connection.send_query(command.encode())
            _require(_result(connection), ExecStatus.COPY_OUT)
            lines = _lines(connection)
            # A line is an object of its own, which takes several times its bytes.
            joined = iter(lambda: b"".join(itertools.islice(lines, _LINES_JOINED)), b"")
            yield from iter(lambda: b"".join(itertools.islice(joined, _JOINED_AT_A_TIME)), b"")
            _require(_result(connection), ExecStatus.COMMAND_OK)
            connection.get_result()  # after the last one there is none


def _lines(connection: PGconn) -> Iterator[memoryview]:
    """Yield what is copied out. psycopg's own iterator takes four times as long for a line."""
    while True:
        size, line = connection.get_copy_data(1)
        if size > 0:
            yield line
        elif size == 0:
            _wait(connection)
        else:
            return


def _result(connection: PGconn) -> PGresult:
    while connection.is_busy():
        _wait(connection)
    result = connection.get_result()
    assert result is not None  # noqa: S101 - it is asked for where there is one
    return result


def _wait(connection: PGconn) -> None:
    poll = select.poll()
    poll.register(connection.socket, select.POLLIN)
    poll.poll()
    connection.consume_input()


def _require(result: PGresult, status: ExecStatus) -> None:
    if result.status != status:
        code = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
        told = result.error_message.decode("utf-8", "replace")
        try:
            raise psycopg.errors.lookup(code)(told)
        except KeyError:
            raise psycopg.OperationalError(told) from None


class Database:
    """Reads rows and hears notifications; one that `may_ask` leaves requests for the alerts, over
    one connection. Every method raises DatabaseError."""

    def __init__(self, address: PostgresAddress, *, may_ask: bool = False) -> None:
        self._address = address
        self._for_tables = asyncio.Semaphore(_FOR_TABLES)
        self._pool = AsyncConnectionPool(
            kwargs=_parameters(address, "tapeline-dashboard", may_ask=may_ask),
            min_size=0 if may_ask else 1,
            max_size=1 if may_ask else _CONNECTIONS,
            timeout=_WAIT_SECONDS,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def open(self) -> None:
        """Start connecting, without waiting for it."""
        await self._pool.open()

    async def close(self) -> None:
        """End all connections."""
        await self._pool.close()

    async def rows(
        self, statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[tuple[Any, ...]]:
        """Return all rows of a statement."""
        with _translated():
            async with self._pool.connection() as connection:
                cursor = await connection.execute(statement.encode(), parameters or None)
                return await cursor.fetchall()

    @contextlib.asynccontextmanager
    async def a_table(self) -> AsyncGenerator[None]:
        """Wait to be one of the few who take a table away, which may be slow and large."""
        try:
            async with asyncio.timeout(_WAIT_FOR_TABLE_SECONDS):
                await self._for_tables.acquire()
        except TimeoutError:
            raise DatabaseError(_AWAY) from None
        try:
            yield
        finally:
            self._for_tables.release()

    async def some_rows(
        self, statement: str, parameters: Sequence[Any]
    ) -> AsyncGenerator[list[tuple[Any, ...]]]:
        """Yield all rows of a statement, some at a time, as they come from the server."""
        with _translated():
            async with self._pool.connection() as connection, connection.cursor() as cursor:
                some = []
                async for row in cursor.stream(statement.encode(), parameters, size=ROWS_AT_A_TIME):
                    some.append(row)
                    if len(some) == ROWS_AT_A_TIME:
                        yield some
                        some = []
                yield some

    @contextlib.contextmanager
    def snapshot(self) -> Generator[Snapshot]:
        """Take a snapshot, over a connection of its own, for a thread other than the loop's."""
        with _translated():
            connection = psycopg.connect(**_parameters(self._address, "tapeline-dashboard-copy"))
        with contextlib.closing(connection):
            with _translated():
                connection.execute("begin isolation level repeatable read read only")
                for setting in _OF_SNAPSHOTS:
                    connection.execute(setting)
            yield Snapshot(connection)

    async def notifications(self) -> AsyncGenerator[str | None]:
        """Yield None once it listens, then the payload of each notification, without end."""
        with _translated():
            connection = await AsyncConnection.connect(
                **_parameters(self._address, "tapeline-dashboard-listen")
            )
            async with connection:
                await connection.execute(f"listen {CHANNEL}".encode())
                yield None
                async for notification in connection.notifies():
                    yield notification.payload
