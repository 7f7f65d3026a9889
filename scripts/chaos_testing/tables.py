"""Reads an episode's rows and the ledger out of the database, past the proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

import psycopg

from scripts.chaos_testing.checker import Row, Tables
from scripts.chaos_testing.market_checker import StoredBar
from scripts.launcher.errors import SetupError
from scripts.local_stack.servers import database

_ROWS = """
select
    symbol,
    case interval
        when '1d' then session_date::text
        else to_char(bar_time at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS')
    end,
    close, volume, observed_at, kafka_partition, kafka_offset
from {} where symbol = any(%s)
"""
_BARS = """
select
    symbol, to_char(bar_time at time zone 'America/New_York', 'YYYY-MM-DD HH24:MI:SS'),
    open, high, low, close, volume, kafka_partition, kafka_offset
from market.events_stream
"""
_CURRENT = _ROWS.format("market.events_stream")
_REPLACED = _ROWS.format("market.bar_revisions")
# Rows of imported files have negative partitions.
_REFUSED = """
select kafka_partition, kafka_offset, value from market.rejected_events where kafka_partition >= 0
"""
_REFUSED_ROWS = """
select kafka_partition, kafka_offset, value from market.rejected_events where kafka_partition < 0
"""
_LEDGER = "select partition, next_offset from market.sink_offsets where partition >= 0"
_IMPORTED = """
select coalesce(sum(next_offset - first_offset), 0)::bigint from market.sink_offsets
where partition < 0
"""
_CHECKSUM = """
select count(*) || ' rows, ' || coalesce(md5(string_agg(each::text, ';' order by each::text)), '')
from ({}) as each
"""
_WAITING = """
select from pg_stat_activity where usename = 'stream_writer' and wait_event_type = 'Lock'
"""
_LOG_A_MEBIBYTE = "select pg_logical_emit_message(false, 'chaos', repeat('x', 1048576), true)"
_MOST_LOG_MIB = 1024
_UNBALANCED = """
select partition from market.sink_offsets
where next_offset - first_offset <> stored + superseded + rejected or lost <> 0
"""


class Database:
    """The pipeline's database as its administrator sees it; each call connects anew."""

    def __init__(self, login: database.Login) -> None:
        self._login = login

    @property
    def name(self) -> str:
        """Return what it is called."""
        return self._login.database

    def is_ready(self) -> bool:
        """Return whether it answers."""
        return database.is_ready(self._login)

    def tables(self, symbols: Sequence[str], first: dict[int, int] | None) -> Tables:
        """Return the rows of these symbols, and the refused records from the offsets `first` on;
        without these, the refused rows of imported files."""
        with database.connect(self._login) as connection:
            current, replaced = (
                [
                    Row((row[0], row[1]), (row[2], row[3]), row[4], (row[5], row[6]))
                    for row in connection.execute(query, ([*symbols],))
                ]
                for query in (_CURRENT, _REPLACED)
            )
            refused = {
                (partition, offset): bytes(value)
                for partition, offset, value in connection.execute(
                    _REFUSED_ROWS if first is None else _REFUSED
                )
                if first is None or offset >= first.get(partition, 0)
            }
        return Tables(current, replaced, refused)

    def bars(self) -> list[StoredBar]:
        """Return every bar, timed by New York's clock; none while the server is away."""
        try:
            with database.connect(self._login) as connection:
                rows = connection.execute(_BARS).fetchall()
        except psycopg.OperationalError:
            return []
        return [StoredBar((row[0], row[1]), (*row[2:6], row[6]), (row[7], row[8])) for row in rows]

    def refused(self) -> int:
        """Return how many records were rejected."""
        with database.connect(self._login) as connection:
            return len(connection.execute(_REFUSED).fetchall())

    def ledger(self) -> dict[int, int]:
        """Return the next offset of each partition; none while the server is away."""
        try:
            with database.connect(self._login) as connection:
                return dict(connection.execute(_LEDGER).fetchall())
        except psycopg.OperationalError:
            return {}

    def imported_rows(self) -> int:
        """Return how many rows of files the ledger has passed; none while the server is away."""
        try:
            with database.connect(self._login) as connection:
                [(rows,)] = connection.execute(_IMPORTED)
        except psycopg.OperationalError:
            return 0
        return int(rows)

    def checksum(self, query: str) -> str:
        """Return how many rows a query has, and a checksum of them."""
        with database.connect(self._login) as connection:
            [(told,)] = connection.execute(_CHECKSUM.format(query).encode())
        return str(told)

    def unbalanced(self) -> list[int]:
        """Return the partitions whose ledger does not add up."""
        with database.connect(self._login) as connection:
            return [row[0] for row in connection.execute(_UNBALANCED)]

    def add_column(self, name: str) -> None:
        """Add a column to the bars, as a later migration may while the job runs."""
        with database.connect(self._login) as connection:
            connection.execute(f"alter table market.events_stream add column {name} text".encode())

    def begin_log_segment(self) -> None:
        """Give the write-ahead log room for another segment, 16 MiB by default."""
        with database.connect(self._login) as connection:
            connection.execute("select pg_switch_wal()")
            connection.execute("checkpoint")

    @contextmanager
    def log_writer(self) -> Iterator[Callable[[], None]]:
        """Yield what writes into the write-ahead log until the disk is full and the server gives
        up; the connection is made before, since a full disk may refuse it.

        What is yielded raises SetupError if there is always room.
        """
        with database.connect(self._login) as connection:

            def write_until_full() -> None:
                with suppress(psycopg.OperationalError):
                    for _ in range(_MOST_LOG_MIB):
                        connection.execute(_LOG_A_MEBIBYTE)
                    raise SetupError(f"the server has logged {_MOST_LOG_MIB} MiB to a full disk")

            yield write_until_full

    def merge_waits(self) -> bool:
        """Return whether a merge of the stream waits for a lock."""
        with database.connect(self._login) as connection:
            return bool(connection.execute(_WAITING).fetchall())

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold a lock against every merge, as a careless migration would.

        Raises psycopg.OperationalError while the server is away.
        """
        with database.connect(self._login) as connection, connection.transaction():
            connection.execute("set local lock_timeout = '5s'")
            connection.execute("lock table market.events_stream in access exclusive mode")
            yield
