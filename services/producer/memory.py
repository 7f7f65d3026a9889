"""Remembers in SQLite what Kafka has acknowledged, how far series are covered, and the quota.

Only acknowledged bars are written, so a crash can make bars be sent again but never be left
out. A damaged file is set aside: bars are then sent again too, and the sink drops the repeats.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from services.producer.series import DAY, Coverage, Series

FILE_NAME: Final = "producer.sqlite"
KEPT: Final = timedelta(days=70)
"""Intraday fingerprints are kept for longer than the API's trailing 30 days."""
_SCHEMA: Final = """
create table if not exists bars (
    symbol text, interval text, exchange_time text, fingerprint blob not null,
    primary key (symbol, interval, exchange_time)
) without rowid;
create table if not exists coverage (
    symbol text, interval text, asked_at text not null, newest_bar text not null,
    first_asked_at text not null, primary key (symbol, interval)
) without rowid;
create table if not exists months (
    symbol text, interval text, month text, primary key (symbol, interval, month)
) without rowid;
create table if not exists calls (called_at text not null);
create table if not exists stops (stopped_until text not null);
create table if not exists observed (id integer primary key, newest text not null);
"""


class MemoryFailedError(Exception):
    """The state cannot be read or written; the message is one line for the operator."""


class Memory:
    """The producer's state file. Safe for use by several threads of one process."""

    def __init__(self, directory: Path, now: datetime) -> None:
        """Open or make the file in `directory`; `set_aside` names a damaged one, if there was."""
        self._file = directory / FILE_NAME
        self._lock = threading.Lock()
        self.set_aside: Path | None = None
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._connection = self._open_or_set_aside(now)
        except (OSError, sqlite3.Error) as error:
            raise MemoryFailedError(
                f"the state in {directory} cannot be opened ({error}); PRODUCER_STATE_DIR must "
                "name a folder that this user can write to"
            ) from None

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _open_or_set_aside(self, now: datetime) -> sqlite3.Connection:
        try:
            return _open(self._file)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            stamp = now.strftime("%Y%m%dT%H%M%S")
            self.set_aside = self._file.with_name(f"{FILE_NAME}.damaged-{stamp}")
            self._file.rename(self.set_aside)
            for suffix in ("-wal", "-shm"):
                self._file.with_name(FILE_NAME + suffix).unlink(missing_ok=True)
            return _open(self._file)

    @contextmanager
    def _use(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, self._connection:
                yield self._connection
        except sqlite3.Error as error:
            raise MemoryFailedError(
                f"the state in {self._file} cannot be used ({error}); check the disk that holds "
                "PRODUCER_STATE_DIR, then start again"
            ) from None

    def fingerprints(self, series: Series, first: str, last: str) -> dict[str, bytes]:
        """Return the acknowledged content by exchange time, in [first, last]."""
        with self._use() as use:
            rows = use.execute(
                "select exchange_time, fingerprint from bars where symbol = ? and interval = ?"
                " and exchange_time between ? and ?",
                (*series, first, last),
            )
            return dict(rows.fetchall())

    def remember(
        self, acknowledged: Iterable[tuple[Series, str, bytes]], observed_at: str = ""
    ) -> None:
        """Keep (series, exchange time, fingerprint) of bars that Kafka has acknowledged, and the
        newest instant (UTC, ISO 8601 to the millisecond) at which one of them was observed."""
        with self._use() as use:
            use.executemany(
                "insert or replace into bars values (?, ?, ?, ?)",
                [(*series, exchange_time, mark) for series, exchange_time, mark in acknowledged],
            )
            if observed_at:
                use.execute(
                    "insert into observed values (1, ?)"
                    " on conflict (id) do update set newest = max(newest, excluded.newest)",
                    (observed_at,),
                )

    def newest_observation(self) -> datetime | None:
        """Return the newest instant at which an acknowledged bar was observed."""
        with self._use() as use:
            row = use.execute("select newest from observed").fetchone()
        return None if row is None else datetime.fromisoformat(row[0])

    def coverage(self, series: Series) -> Coverage | None:
        """Return how far the series is complete, or None if it never was."""
        with self._use() as use:
            row = use.execute(
                "select asked_at, newest_bar, first_asked_at from coverage"
                " where symbol = ? and interval = ?",
                series,
            ).fetchone()
        if row is None:
            return None
        return Coverage(datetime.fromisoformat(row[0]), row[1], datetime.fromisoformat(row[2]))

    def cover(self, series: Series, coverage: Coverage) -> None:
        """Keep how far the series is complete."""
        with self._use() as use:
            use.execute(
                "insert or replace into coverage values (?, ?, ?, ?, ?)",
                (
                    *series,
                    coverage.asked_at.isoformat(),
                    coverage.newest_bar,
                    coverage.first_asked_at.isoformat(),
                ),
            )

    def months(self, series: Series) -> frozenset[str]:
        """Return the months of history that are complete."""
        with self._use() as use:
            rows = use.execute("select month from months where symbol = ? and interval = ?", series)
            return frozenset(row[0] for row in rows)

    def add_month(self, series: Series, month: str) -> None:
        """Keep that a month of history is complete."""
        with self._use() as use:
            use.execute("insert or ignore into months values (?, ?, ?)", (*series, month))

    def charge(self, called_at: datetime) -> None:
        """Count a call before it leaves. `called_at` is UTC."""
        with self._use() as use:
            yesterday = (called_at - timedelta(days=1)).date().isoformat()
            use.execute("delete from calls where called_at < ?", (yesterday,))
            use.execute("insert into calls values (?)", (called_at.isoformat(),))

    def refund(self, called_at: datetime) -> None:
        """Forget a call that never reached the network."""
        with self._use() as use:
            use.execute("delete from calls where called_at = ?", (called_at.isoformat(),))

    def calls(self) -> list[datetime]:
        """Return the calls of today and yesterday (UTC), oldest first."""
        with self._use() as use:
            rows = use.execute("select called_at from calls order by called_at")
            return [datetime.fromisoformat(row[0]) for row in rows]

    def stop_until(self, instant: datetime) -> None:
        """Keep that the vendor refuses calls until `instant` (UTC)."""
        with self._use() as use:
            use.execute("delete from stops")
            use.execute("insert into stops values (?)", (instant.astimezone(UTC).isoformat(),))

    def stopped_until(self) -> datetime | None:
        """Return until when the vendor refuses calls, if it does."""
        with self._use() as use:
            row = use.execute("select stopped_until from stops").fetchone()
        return None if row is None else datetime.fromisoformat(row[0])

    def prune(self, market_now: datetime) -> None:
        """Forget intraday bars that the API no longer returns."""
        with self._use() as use:
            use.execute(
                "delete from bars where interval <> ? and exchange_time < ?",
                (DAY, (market_now - KEPT).date().isoformat()),
            )


def _open(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False, timeout=10)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.executescript(_SCHEMA)
        if connection.execute("pragma quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("the file is damaged")
    except BaseException:
        connection.close()
        raise
    return connection
