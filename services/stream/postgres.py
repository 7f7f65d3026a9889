"""Everything the stream says to PostgreSQL: one connection, COPY into staging, one merge.

In come COPY lines and rejected records, out go rows of `market.*` and the numbers that the
ledger needs. The only module that imports psycopg.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import psycopg

from services.common.fail_points import reach
from services.stream import statements
from services.stream.accounts import BarKey, Version
from services.stream.copy_rows import HEADER, TRAILER
from services.stream.faults import DatabaseError
from services.stream.ledger import Move, OffsetRange
from services.stream.merged import Merged, RejectedRecord, Written
from services.stream.settings import PostgresAddress

# A blocked or endless statement becomes an error, which is retried with an alarm. And the server
# notices within half a minute that a network took the client away: until then the connection that
# is gone keeps its locks, and the one that takes its place is told of a second instance.
_OPTIONS = (
    "timezone=UTC",
    "lock_timeout=30s",
    "statement_timeout=300s",
    "tcp_keepalives_idle=10",
    "tcp_keepalives_interval=5",
    "tcp_keepalives_count=3",
    "tcp_user_timeout=30s",
    "client_connection_check_interval=10s",
)


@contextlib.contextmanager
def translated() -> Iterator[None]:
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


def connect(address: PostgresAddress, application_name: str) -> Session:
    """Open a connection whose waits are bounded. Raises DatabaseError."""
    with translated():
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
            options=" ".join(f"-c {option}" for option in _OPTIONS),
            autocommit=True,
        )
    return Session(connection)


class Session:
    """One connection to the database. Every method raises DatabaseError."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        self._has_staging = False

    @property
    def broken(self) -> bool:
        """Whether the connection is gone."""
        return self._connection.closed

    def answers(self) -> bool:
        """Whether the server still answers on the connection, which is closed if not."""
        try:
            self._one("select 1", ())
        except DatabaseError:
            self.close()
        return not self.broken

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        self._connection.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit what is done inside, or nothing of it; nested, it is a savepoint."""
        with translated(), self._connection.transaction():
            yield

    def try_lock(self, lock: int) -> bool:
        """Take a lock that lasts as long as the connection; False if somebody holds it."""
        row = self._one("select pg_try_advisory_lock(%s, %s)", (statements.ADVISORY_CLASS, lock))
        return bool(row[0])

    def read_ledger(self, topic: str) -> tuple[dict[int, int], str | None]:
        """Return the next offset per partition, and the id of the topic they belong to."""
        rows = self.fetch(statements.READ_LEDGER, (topic,))
        topic_ids = {row[2] for row in rows}
        return {row[0]: row[1] for row in rows}, min(topic_ids, default=None)

    def lock_ledger(self, topic: str, partitions: Sequence[int]) -> dict[int, int]:
        """Return the next offset of each partition that the ledger knows, and keep everybody
        else from merging or moving these partitions until the transaction ends."""
        return dict(self.fetch(statements.LOCK_LEDGER, (topic, list(partitions))))

    def open_ledger(self, topic: str, topic_id: str, starts: Mapping[int, OffsetRange]) -> None:
        """Begin the ledger of partitions that it does not know, where their ranges start."""
        offsets = [item.start for item in starts.values()]
        self.run(statements.OPEN_LEDGER, (topic, topic_id, list(starts), offsets))

    def move_ledger(self, topic: str, moved: Sequence[Move]) -> None:
        """Add a batch's tallies to the ledger and put its next offsets forward."""
        with translated(), self._connection.cursor() as cursor:
            cursor.executemany(
                statements.MOVE_LEDGER, [{"topic": topic, **asdict(move)} for move in moved]
            )

    def prepare_staging(self) -> None:
        """Make this connection's own staging tables, which each commit empties; needed once,
        outside of a transaction, which could take them away again."""
        if not self._has_staging:
            self.run(statements.CREATE_STAGING)
            self._has_staging = True

    def stage_bars(self, lines: Iterable[bytes | memoryview], is_binary: bool = False) -> None:
        """Send lines of COPY's text, or rows of its binary format, in buffers of any size, to the
        staged bars."""
        statement = statements.COPY_ROWS if is_binary else statements.COPY_LINES
        head, tail = (HEADER, TRAILER) if is_binary else (b"", b"")
        reach("sink.before_copy")
        with (
            translated(),
            self._connection.cursor() as cursor,
            cursor.copy(statement.encode()) as copy,
        ):
            copy.write(head)
            for part in lines:
                copy.write(part)
                reach("sink.during_copy")
            copy.write(tail)
        reach("sink.after_copy")

    def empty_staged_bars(self) -> None:
        """Forget the staged bars before the transaction ends."""
        self.run(statements.EMPTY_BARS)

    def merge(self, staged: int) -> Merged:
        """Merge the staged bars, so many and each once, into the stored ones."""
        rows = self.fetch(statements.MERGE)
        written = {row[0]: Written(added=row[1], changed=row[2]) for row in rows}
        if sum(one.rows for one in written.values()) < staged:
            self._confirm_seen_again()
        return Merged(written, frozenset(symbol for row in rows for symbol in row[3]))

    def _confirm_seen_again(self) -> None:
        if self._one(statements.SEEN_AGAIN, ()) != ("on",):
            return
        self.run(statements.BEGIN_CONFIRMING)
        self.run(statements.CONFIRM)
        self.run(statements.END_CONFIRMING)

    def preview(self) -> dict[int, Written]:
        """Tell what a merge of the staged bars would write, per Kafka partition."""
        return {row[0]: Written(row[1], row[2]) for row in self.fetch(statements.PREVIEW)}

    def keep_rejected(self, topic: str, records: Iterable[RejectedRecord]) -> None:
        """Add refused records to `rejected_events`, each once."""
        with (
            translated(),
            self._connection.cursor() as cursor,
            cursor.copy(statements.COPY_REJECTED) as copy,
        ):
            copy.set_types(statements.REJECTED_TYPES)
            for record in records:
                copy.write_row(record)
        self.run(statements.KEEP_REJECTED, (topic,))
        self.run(statements.EMPTY_REJECTED)

    def read_ledger_ranges(self, topic: str) -> dict[int, tuple[int, int]]:
        """Return the first and the next offset of each partition of the ledger."""
        return {row[0]: (row[1], row[2]) for row in self.fetch(statements.READ_RANGES, (topic,))}

    def read_marks(self, topic: str, partition: int, offsets: OffsetRange) -> dict[int, str]:
        """Return what the database holds of each offset: `s` a stored row, `r` a rejected one,
        one letter for each row."""
        bounds = (partition, offsets.start, offsets.until)
        parameters = (*bounds, *bounds, topic, *bounds)
        return dict(self.fetch(statements.READ_MARKS, parameters))

    def read_versions(self, keys: Sequence[BarKey]) -> dict[BarKey, list[Version]]:
        """Return the current and the replaced values of bars."""
        columns = tuple(map(list, zip(*keys, strict=True))) if keys else ([], [], [])
        versions: dict[BarKey, list[Version]] = {}
        for row in self.fetch(statements.READ_VERSIONS, columns):
            version = Version(values=row[3:12], observed_at=row[12], offset=row[13])
            versions.setdefault(row[:3], []).append(version)
        return versions

    def count_rows(self, query: str) -> int:
        """Return how many rows a query gives."""
        with translated():
            return len(self._connection.execute(query.encode()).fetchall())

    def notify(self, symbols: frozenset[str]) -> None:
        """Tell listeners, at commit, which symbols changed (null: too many to name)."""
        payload = json.dumps({"symbols": sorted(symbols) if len(symbols) <= 300 else None})
        self.fetch(statements.NOTIFY, (statements.NOTIFY_CHANNEL, payload))

    def run(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run a statement of the stream's own."""
        with translated():
            self._connection.execute(statement.encode(), parameters or None)

    def fetch(
        self, statement: str, parameters: Sequence[Any] = (), prepare: bool | None = None
    ) -> list[tuple[Any, ...]]:
        """Return the rows of a statement of the stream's own; the server plans it anew for these
        parameters if it is not to `prepare`."""
        with translated():
            found = self._connection.execute(
                statement.encode(), parameters or None, prepare=prepare
            )
            return found.fetchall()

    def copy_out(self, statement: str, parameters: Sequence[Any]) -> bytes:
        """Return what a COPY TO STDOUT sends."""
        with (
            translated(),
            self._connection.cursor() as cursor,
            cursor.copy(statement.encode(), parameters) as copy,
        ):
            return b"".join(bytes(part) for part in copy)

    def copy_in(self, statement: str, *parts: bytes | memoryview) -> None:
        """Send all that a COPY FROM STDIN takes, in parts of any size."""
        with (
            translated(),
            self._connection.cursor() as cursor,
            cursor.copy(statement.encode()) as copy,
        ):
            for part in parts:
                copy.write(part)

    def _one(self, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...]:
        return self.fetch(statement, parameters)[0]
