"""PostgreSQL alone: plain COPY of the sample, and the sink's writer over the same bars."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TypeVar

import pyarrow as pa

from scripts.benchmarking.sample import PARTITIONS, Sample, samples
from scripts.benchmarking.servers import Servers
from scripts.local_stack.servers import database
from services.common import topics
from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.decoding.copy_text import LINE_COLUMNS
from services.stream.settings import PostgresAddress
from services.stream.sink import postgres
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.sink.transaction import Work, apply

T = TypeVar("T")

WRITERS = 2
_ROWS = 10_000
_COPY = f"copy market.events_stream ({', '.join(LINE_COLUMNS)}) from stdin"
_KAFKA_TIME = datetime(2025, 6, 1, tzinfo=UTC)


def copy_rate(servers: Servers, count: int) -> float:
    """Return B: rows a second of one COPY of the sample, as text, into the keyed table."""
    text = [
        "".join(lines).encode()
        for lines in _batched(
            (sample.line(0, offset) for offset, sample in enumerate(samples(count))), _ROWS
        )
    ]
    login = servers.make_database("copied")
    try:
        with database.connect(login) as connection:
            begun = time.monotonic()
            with connection.cursor() as cursor, cursor.copy(_COPY.encode()) as copy:
                for part in text:
                    copy.write(part)
            return count / (time.monotonic() - begun)
    finally:
        servers.drop_database(login)


class Writing:
    """The sink's writer on one database, without Spark: as many connections as there are cores
    apply the partitions of the sample, in batches as the job's."""

    def __init__(self, servers: Servers, count: int, batch_rows: int = 33_000) -> None:
        self._login = servers.make_database("written")
        self._address = servers.writer(self._login)
        self._servers = servers
        self._count = count
        self._batch_rows = batch_rows
        self._begin = 0

    @property
    def login(self) -> database.Login:
        """Return the way into the database."""
        return self._login

    def close(self) -> None:
        """Remove the database."""
        self._servers.drop_database(self._login)

    def rate(self, version: int) -> float:
        """Return the rows a second at which this version of the sample is applied."""
        parts = _outcomes(self._count, version, self._begin)
        groups: list[list[tuple[int, list[pa.RecordBatch]]]] = [[] for _ in range(WRITERS)]
        for partition, batches in parts.items():
            groups[partition % WRITERS].append((partition, batches))
        threads = [
            threading.Thread(target=_apply, args=(self._address, group, self._batch_rows))
            for group in groups
        ]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - begun
        self._begin += self._count
        self._check_ledger()
        return self._count / seconds

    def row_versions(self) -> tuple[int, int]:
        """Return how many rows PostgreSQL has inserted and updated in the bars so far."""
        with database.connect(self._login) as connection:
            connection.execute("select pg_stat_force_next_flush()")
            [row] = connection.execute(
                "select sum(n_tup_ins)::bigint, sum(n_tup_upd)::bigint from pg_stat_user_tables "
                "where relname like 'events_stream%'"
            ).fetchall()
        return row[0], row[1]

    def stored_bytes(self) -> int:
        """Return what the bars take on disk by now, indexes and all."""
        with database.connect(self._login) as connection:
            [(size,)] = connection.execute(
                "select sum(pg_total_relation_size(relid))::bigint "
                "from pg_partition_tree('market.events_stream') where isleaf"
            ).fetchall()
        return int(size)

    def _check_ledger(self) -> None:
        with database.connect(self._login) as connection:
            [(seen,)] = connection.execute(
                "select sum(stored + superseded) from market.sink_offsets"
            ).fetchall()
        if seen != self._begin:
            raise RuntimeError(f"the writer took {seen} of {self._begin} rows")


def _outcomes(count: int, version: int, begin: int) -> dict[int, list[pa.RecordBatch]]:
    """Return the sample as decoding leaves it, per partition; offsets go on from `begin`."""
    parts: dict[int, list[Sample]] = {number: [] for number in range(PARTITIONS)}
    for sample in samples(count, version):
        parts[sample.number % PARTITIONS].append(sample)
    return {
        partition: [
            fast_outcomes(_records(partition, begin + start, part))
            for start, part in zip(range(0, len(rows), _ROWS), _batched(rows, _ROWS), strict=True)
        ]
        for partition, rows in parts.items()
    }


def _records(partition: int, first: int, part: list[Sample]) -> pa.RecordBatch:
    size = len(part)
    columns = {
        "partition": pa.array([partition] * size, pa.int32()),
        "offset": pa.array(range(first, first + size), pa.int64()),
        "timestamp": pa.array([_KAFKA_TIME] * size, pa.timestamp("us", "UTC")),
        "key": pa.array([sample.symbol.encode() for sample in part]),
        "value": pa.array([sample.event() for sample in part]),
    }
    return pa.RecordBatch.from_pydict(columns)


def _apply(
    address: PostgresAddress, group: list[tuple[int, list[pa.RecordBatch]]], batch_rows: int
) -> None:
    for partition, batches in group:
        for unit in _units(batches, batch_rows):
            session = postgres.connect(address, "bench")  # as each task of the job does
            first, last = unit[0].column("offset")[0], unit[-1].column("offset")[-1]
            offsets = OffsetRange(first.as_py(), last.as_py() + 1)
            work = Work(topics.BARS.name, topic_id="bench", accept_lost=True)
            apply(session, work, _none, {partition: offsets}, unit)
            session.close()


def _units(batches: list[pa.RecordBatch], rows: int) -> Iterator[list[pa.RecordBatch]]:
    size = max(1, rows // _ROWS)
    for start in range(0, len(batches), size):
        yield batches[start : start + size]


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while part := list(islice(iterator, size)):
        yield part


def _none(records: object) -> None:
    raise RuntimeError(f"the sample holds no bad record, but {records}")
