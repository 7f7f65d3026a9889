"""Bars of which the table knows nothing yet: copied straight into it, past staging and merge.

A backlog is mostly such bars, and a bar copied costs PostgreSQL half of one merged. In comes a
chunk of rows, each bar once; out goes what was written, or None: then the merge must look at each.

Whole sources of which nothing is known, small files of history, come many in one transaction: it
and a COPY cost a file of one day more than its bars do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from services.common.fail_points import reach
from services.stream.decoding import copy_binary
from services.stream.records import Merged, Written
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.sink.postgres import Session
from services.stream.sink.staging import line_buffer, newest, without_bytes
from services.stream.sqlstate import DatabaseError

# A look into the key costs what a few bars save.
_SHARE_OF_A_SERIES = 100

_UNIQUE_VIOLATION = "23505"

_COLUMNS = ", ".join(copy_binary.STAMPED_COLUMNS)
_COPY = f"copy market.events_stream ({_COLUMNS}) from stdin (format binary)"
# One look into the key for each series of the chunk, not for each bar. Planned with its values:
# the bounds tell which partitions of the table matter.
_NONE_KNOWN = """
select clock_timestamp() where not exists (
    select from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
        as series (symbol, interval, oldest, newest)
    cross join lateral (
        select from market.events_stream as bar
        where bar.symbol = series.symbol and bar.interval = series.interval
            and bar.bar_time between series.oldest and series.newest
            and bar.bar_time between %s and %s
        limit 1
    ) as known
) and not exists (select from market.renames where old_symbol = any (%s))
"""
_MARK = """
insert into market.indicator_work (symbol, interval, from_time, until_time)
select * from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
"""
_BEGIN_AND_END = """
insert into market.sink_offsets (topic, partition, topic_id, first_offset, next_offset, stored)
select source.*, source.until - source.start
from unnest(%s::text[], %s::integer[], %s::text[], %s::bigint[], %s::bigint[])
    as source (topic, partition, topic_id, start, until)
on conflict (topic, partition) do nothing
returning 1
"""


@dataclass(frozen=True)
class Series:
    """The series of a chunk of rows, each with the times of its oldest and its newest bar."""

    symbols: list[str]
    intervals: list[str]
    oldest: list[datetime]
    newest: list[datetime]

    @classmethod
    def of(cls, rows: pa.RecordBatch) -> Series:
        """Return the series of rows, of which there is at least one."""
        table = pa.table({name: rows.column(name) for name in ("symbol", "interval", "bar_time")})
        spans = table.group_by(["symbol", "interval"]).aggregate(
            [("bar_time", "min"), ("bar_time", "max")]
        )
        names = ("symbol", "interval", "bar_time_min", "bar_time_max")
        return cls(*(spans.column(name).to_pylist() for name in names))

    def columns(self) -> tuple[list[str], list[str], list[datetime], list[datetime]]:
        """Return the columns as parameters of a statement."""
        return self.symbols, self.intervals, self.oldest, self.newest


def add(session: Session, rows: pa.RecordBatch, fewest_rows: int = 1) -> Merged | None:
    """Add rows of ROW_SCHEMA, at least one and each bar once, and mark their indicators as due,
    in a transaction that is open; or do nothing, as soon as one of them might be known or of a
    symbol that was renamed, or if they are fewer than `fewest_rows`, or of each series fewer than
    a hundredth of that.

    Raises DatabaseError.
    """
    if len(rows) < fewest_rows:
        return None
    series = Series.of(rows)
    if _SHARE_OF_A_SERIES * len(rows) < fewest_rows * len(series.symbols):
        return None
    bounds = (min(series.oldest), max(series.newest))
    found = session.fetch(_NONE_KNOWN, (*series.columns(), *bounds, series.symbols), prepare=False)
    if not found:
        return None
    lines = line_buffer(copy_binary.stamped_rows(rows.column("line"), found[0][0]))
    try:
        with session.transaction():
            session.copy_in(_COPY, (copy_binary.HEADER, lines, copy_binary.TRAILER))
            session.run(_MARK, series.columns())
    except DatabaseError as error:
        # Another connection, such as a replay's, has stored one of them since.
        if error.sqlstate == _UNIQUE_VIOLATION:
            return None
        raise
    reach("sink.copied_straight")
    return Merged(_added(rows), frozenset(series.symbols))


def _added(rows: pa.RecordBatch) -> dict[int, Written]:
    counts = pc.value_counts(rows.column("partition")).to_pylist()
    return {each["values"]: Written(added=each["counts"]) for each in counts}


@dataclass(frozen=True)
class NewSource:
    """A source for the ledger, and what its rows become: each of `offsets` a good one."""

    topic: str
    topic_id: str
    partition: int
    offsets: OffsetRange
    batches: Sequence[pa.RecordBatch]


class _KnownError(Exception):
    """Something of the sources is known."""


def add_sources(session: Session, sources: Sequence[NewSource], fewest_rows: int) -> bool:
    """Store the rows of sources and enter them in the ledger as done, in one transaction, unless
    something of them might be known, or they are too few (`add`).

    Raises DatabaseError; then nothing is written.
    """
    batches = [without_bytes(batch) for source in sources for batch in source.batches]
    rows = newest(pa.concat_batches(batches))
    if len(rows) != sum(source.offsets.until - source.offsets.start for source in sources):
        return False
    try:
        with session.transaction():
            _store(session, sources, rows, fewest_rows)
    except _KnownError:
        return False
    reach("import.files_committed")
    return True


def _store(
    session: Session, sources: Sequence[NewSource], rows: pa.RecordBatch, fewest_rows: int
) -> None:
    columns = (
        [source.topic for source in sources],
        [source.partition for source in sources],
        [source.topic_id for source in sources],
        [source.offsets.start for source in sources],
        [source.offsets.until for source in sources],
    )
    if len(session.fetch(_BEGIN_AND_END, columns)) < len(sources):
        raise _KnownError
    reach("import.files_in_ledger")
    merged = add(session, rows, fewest_rows)
    if merged is None:
        raise _KnownError
    session.notify(merged.symbols)
