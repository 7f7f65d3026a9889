"""What people bring files of history with: \\copy and a merge, DuckDB and a merge."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb

from scripts.benchmarking.history_files import SEEN, ZONE
from scripts.benchmarking.peers.peer import COLUMNS, upsert
from scripts.local_stack.servers import database

_READ_BYTES = 1 << 18
_STAGED = """
create temporary table staged (
    time timestamp, open numeric, high numeric, low numeric, close numeric, volume numeric,
    symbol text
)
"""
_COPY = b"copy staged from stdin (format csv, header)"
# By its table: a plain `time` would be the output column, the date.
_MERGE = f"""
insert into market.events_stream as bar ({COLUMNS})
select distinct on (symbol, staged.time)
    symbol, time at time zone '{ZONE}', '1min', open, high, low, close, volume, time::date, 'file',
    'historical', 'raw', true, timestamptz '{SEEN.isoformat()}', -1, 0
from staged order by symbol, staged.time {upsert("bar")}
"""
_EXPORT = "copy (select time, open, high, low, close, volume, symbol from {}) to '{}' (header)"


def by_copy(login: database.Login, files: Sequence[Path]) -> float:
    """Return the seconds of a \\copy of each file of text into a staging table, and a merge."""
    return _merged(login, (_bytes(file) for file in files))


def by_duckdb(login: database.Login, files: Sequence[Path]) -> float:
    """Return the seconds in which DuckDB reads files, CSV or Parquet, and PostgreSQL merges what it
    writes into a pipe. DuckDB's own extension for PostgreSQL is no part of its package."""
    return _merged(login, [_exported(files)])


def _merged(login: database.Login, exports: Iterable[Iterable[bytes]]) -> float:
    begun = time.monotonic()
    with database.connect(login) as connection, connection.transaction():
        connection.execute(_STAGED)
        for export in exports:
            with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
                for part in export:
                    copy.write(part)
        connection.execute("analyze staged")
        connection.execute(_MERGE.encode())
    return time.monotonic() - begun


def _bytes(path: Path) -> Iterable[bytes]:
    with path.open("rb") as file:
        while part := file.read(_READ_BYTES):
            yield part


def _exported(files: Sequence[Path]) -> Iterable[bytes]:
    pipe = files[0].with_suffix(".pipe")
    os.mkfifo(pipe)
    names = ", ".join(f"'{file}'" for file in files)
    reader = "read_parquet" if files[0].suffix == ".parquet" else "read_csv"
    with ThreadPoolExecutor(1) as pool, duckdb.connect() as connection:
        query = _EXPORT.format(f"{reader}([{names}])", pipe)
        exporting = pool.submit(connection.execute, query)
        yield from _bytes(pipe)
        exporting.result()
    pipe.unlink()


PEERS: Mapping[str, Mapping[str, Callable[[database.Login, Sequence[Path]], float]]] = {
    "csv": {"\\copy, SQL merge": by_copy, "DuckDB, COPY, SQL merge": by_duckdb},
    "parquet": {"DuckDB, COPY, SQL merge": by_duckdb},
}
"""What is tried beside the import of files of a form."""
