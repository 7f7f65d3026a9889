"""The producer's state file in SQLite: opened, brought up to date, or set aside where damaged."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Final

from services.common.fail_points import reach

FILE_NAME: Final = "producer.sqlite"
Connection = sqlite3.Connection
"""What a store speaks to the file by."""
# Tables are only added: the release before must be able to work on the file after a rollback.
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
create table if not exists series_calls (
    symbol text not null, interval text not null, called_at text not null
);
create table if not exists failing (
    symbol text, interval text, kind text not null, attempts integer not null,
    since text not null, retry_at text not null, given_up integer not null,
    primary key (symbol, interval)
) without rowid;
create table if not exists no_bars (
    symbol text, interval text, part text, kind text not null,
    first_on text not null, last_on text not null, primary key (symbol, interval, part)
) without rowid;
create table if not exists first_bars (
    symbol text primary key, exchange_time text not null
) without rowid;
create table if not exists bases (
    symbol text, interval text, adjusted integer not null, day text not null,
    primary key (symbol, interval)
) without rowid;
create table if not exists anchors (
    symbol text, interval text, exchange_time text,
    open text not null, high text not null, low text not null, close text not null,
    primary key (symbol, interval, exchange_time)
) without rowid;
create table if not exists anchor_spans (
    symbol text, interval text, span text, prices text not null,
    primary key (symbol, interval, span)
) without rowid;
insert into first_bars
select symbol, min(exchange_time) from bars
where exchange_time between '1999' and '3' and not exists (select 1 from first_bars)
group by symbol;
"""


class StateStoreError(Exception):
    """The state cannot be read or written; the message is one line for the operator."""


class StateFile:
    """The file and its lock. Safe for use by several threads of one process."""

    def __init__(self, directory: Path, now: datetime) -> None:
        """Open or make the file in `directory`; `set_aside` names a damaged one, if there was."""
        self._file = directory / FILE_NAME
        self._lock = threading.Lock()
        self.set_aside: Path | None = None
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._connection = self._open_or_set_aside(now)
        except (OSError, sqlite3.Error) as error:
            raise StateStoreError(
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
            reach("producer.state_set_aside")
            for suffix in ("-wal", "-shm"):
                self._file.with_name(FILE_NAME + suffix).unlink(missing_ok=True)
            return _open(self._file)

    @contextmanager
    def _use(self, at_once: bool = True) -> Iterator[sqlite3.Connection]:
        """Lend the connection for one transaction.

        A kill loses none that has ended. A power cut may lose the last ones that were not to be on
        the disk `at_once`, back to the newest that was: it is for what follows from the answers of
        the vendor, and would from the same answers again.
        """
        try:
            with self._lock:
                self._connection.execute(f"pragma synchronous = {'full' if at_once else 'normal'}")
                with self._connection:
                    yield self._connection
        except sqlite3.Error as error:
            raise StateStoreError(
                f"the state in {self._file} cannot be used ({error}); check the disk that holds "
                "PRODUCER_STATE_DIR, then start again"
            ) from None


def _open(file: Path) -> sqlite3.Connection:
    """Return a connection to the file, which is made if need be. Raises sqlite3.Error."""
    connection = sqlite3.connect(file, check_same_thread=False, timeout=10)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.executescript(_SCHEMA)
        if connection.execute("pragma quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("the file is damaged")
    except BaseException:
        connection.close()
        raise
    return connection
