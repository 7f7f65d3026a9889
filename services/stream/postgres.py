"""Everything the stream says to PostgreSQL: one connection, COPY into staging, one merge.

In come COPY lines and rejected records, out go rows of `market.*` and the
numbers that the ledger needs. The only module that imports psycopg.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import psycopg
from psycopg import sql

from services.stream import statements
from services.stream.accounts import BarKey, Version
from services.stream.faults import DatabaseError, LedgerMovedError
from services.stream.ledger import Move, OffsetRange
from services.stream.merged import Merged, Preview, RejectedRecord
from services.stream.settings import PostgresAddress


@dataclass(frozen=True)
class Staging:
    """A pair of tables that hold a batch before it is merged."""

    bars: sql.Identifier
    rejected: sql.Identifier

    @classmethod
    def of_session(cls) -> Staging:
        """Return the connection's own temporary tables, emptied by each commit."""
        return cls(
            sql.Identifier("pg_temp", "session_bars"), sql.Identifier("pg_temp", "session_rejected")
        )

    @classmethod
    def shared(cls, token: str) -> Staging:
        """Return tables that several connections fill, named after `token`."""
        return cls(
            sql.Identifier("staging", f"{token}_bars"),
            sql.Identifier("staging", f"{token}_rejected"),
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
            # A blocked or endless statement becomes an error, which is retried with an alarm.
            options="-c timezone=UTC -c lock_timeout=30s -c statement_timeout=300s",
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
        rows = self._all(statements.READ_LEDGER, (topic,))
        topic_ids = {row[2] for row in rows}
        return {row[0]: row[1] for row in rows}, min(topic_ids, default=None)

    def lock_merge(self, topic: str, expected: Mapping[int, int] | None = None) -> None:
        """Keep every other merge out until the transaction ends.

        Raises LedgerMovedError if the ledger is not as `expected`.
        """
        self._all(
            "select pg_advisory_xact_lock(%s, %s)",
            (statements.ADVISORY_CLASS, statements.LOCK_MERGE),
        )
        locked = {row[0]: row[1] for row in self._all(statements.LOCK_LEDGER, (topic,))}
        if expected is not None and locked != expected:
            raise LedgerMovedError(f"the ledger of {topic} moved from {expected} to {locked}")

    def move_ledger(self, topic: str, topic_id: str, moved: Sequence[Move]) -> None:
        """Add a batch's tallies to the ledger and put its next offsets forward."""
        with translated(), self._connection.cursor() as cursor:
            cursor.executemany(
                statements.MOVE_LEDGER,
                [{"topic": topic, "topic_id": topic_id, **asdict(move)} for move in moved],
            )

    def session_staging(self) -> Staging:
        """Return this connection's temporary staging tables, made at the first call."""
        if not self._has_staging:
            with translated():
                self._connection.execute(statements.CREATE_SESSION_STAGING)
            self._has_staging = True
        return Staging.of_session()

    def create_shared(self, staging: Staging) -> None:
        """Create the shared staging tables."""
        with self.transaction():
            self._run(statements.CREATE_SHARED_BARS, staging.bars)
            self._run(statements.CREATE_SHARED_REJECTED, staging.rejected)

    def drop_shared(self, staging: Staging) -> None:
        """Drop the shared staging tables; in a transaction, only if it commits."""
        self._run(statements.DROP_SHARED, staging.bars)
        self._run(statements.DROP_SHARED, staging.rejected)

    def drop_left_over(self, prefix: str) -> int:
        """Drop the staging tables that a dead process left; return how many there were."""
        names = [row[0] for row in self._all(statements.LEFT_OVER_STAGING, (prefix,))]
        for name in names:
            self._run(statements.DROP_SHARED, sql.Identifier("staging", name))
        return len(names)

    def copy_lines(self, staging: Staging, lines: Iterable[bytes | memoryview]) -> None:
        """Send COPY text, whole lines in buffers of any size, to the staged bars."""
        statement = sql.SQL(statements.COPY_LINES).format(table=staging.bars)
        with translated(), self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            for part in lines:
                copy.write(part)

    def copy_rejected(self, staging: Staging, records: Iterable[RejectedRecord]) -> None:
        """Send refused records to the staged rejections."""
        statement = sql.SQL(statements.COPY_REJECTED).format(table=staging.rejected)
        with translated(), self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(statements.REJECTED_TYPES)
            for record in records:
                copy.write_row(
                    (
                        record.partition,
                        record.offset,
                        record.kafka_timestamp,
                        record.key,
                        record.value,
                        record.reason,
                    )
                )

    def empty(self, staging: Staging) -> None:
        """Forget the staged bars before the transaction ends."""
        self._run("truncate {table}", staging.bars)

    def merge(self, staging: Staging) -> Merged:
        """Merge the staged bars into the stored ones."""
        rows = self._all(statements.MERGE, (), staging.bars)
        return Merged(
            stored={row[0]: row[1] for row in rows},
            symbols=frozenset(symbol for row in rows for symbol in row[2]),
        )

    def preview(self, staging: Staging) -> Preview:
        """Tell what a merge of the staged bars would write."""
        added, changed, keys = self._all(statements.PREVIEW, (), staging.bars)[0]
        return Preview(added, changed, keys - added - changed)

    def keep_rejected(self, topic: str, staging: Staging) -> None:
        """Copy the staged rejections to `rejected_events`, each record once."""
        self._run(statements.KEEP_REJECTED, staging.rejected, (topic,))

    def staged_rejected(self, staging: Staging) -> Iterator[RejectedRecord]:
        """Yield the staged rejections, a few at a time, whatever their size."""
        query = sql.SQL(statements.READ_REJECTED).format(table=staging.rejected)
        with translated(), self._connection.cursor(name="rejected") as cursor:
            cursor.itersize = 100
            for row in cursor.execute(query):
                yield RejectedRecord(*row)

    def read_ledger_ranges(self, topic: str) -> dict[int, tuple[int, int]]:
        """Return the first and the next offset of each partition of the ledger."""
        return {row[0]: (row[1], row[2]) for row in self._all(statements.READ_RANGES, (topic,))}

    def read_marks(self, topic: str, partition: int, offsets: OffsetRange) -> dict[int, str]:
        """Return what the database holds of each offset: `s` a stored row, `r` a rejected one,
        one letter for each row."""
        bounds = (partition, offsets.start, offsets.until)
        parameters = (*bounds, *bounds, topic, *bounds)
        return dict(self._all(statements.READ_MARKS, parameters))

    def read_versions(self, keys: Sequence[BarKey]) -> dict[BarKey, list[Version]]:
        """Return the current and the replaced values of bars."""
        columns = tuple(map(list, zip(*keys, strict=True))) if keys else ([], [], [])
        versions: dict[BarKey, list[Version]] = {}
        for row in self._all(statements.READ_VERSIONS, columns):
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
        self._all(statements.NOTIFY, (statements.NOTIFY_CHANNEL, payload))

    def _run(self, statement: str, table: sql.Identifier, parameters: Sequence[Any] = ()) -> None:
        text = sql.SQL(statement).format(table=table)
        with translated():
            self._connection.execute(text, parameters or None)

    def _all(
        self, statement: str, parameters: Sequence[Any], table: sql.Identifier | None = None
    ) -> list[tuple[Any, ...]]:
        text = sql.SQL(statement)
        query = text.format(table=table) if table is not None else text
        with translated():
            return self._connection.execute(query, parameters or None).fetchall()

    def _one(self, statement: str, parameters: Sequence[Any]) -> tuple[Any, ...]:
        return self._all(statement, parameters)[0]
