"""One transaction over some Kafka partitions: outcomes in, merged bars and a moved ledger out.

No Spark in here: the driver runs it over a small batch, each executor over its own partition of
a large one. Chunk by chunk, so that a long range needs no more memory than a short one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto

import pyarrow as pa
import pyarrow.compute as pc

from services.common.fail_points import reach
from services.stream.decoding import copy_binary
from services.stream.records import Merged, RejectedRecord, Written
from services.stream.settings import STRAIGHT_ROWS
from services.stream.sink import insert_new, offset_ledger, present_names
from services.stream.sink.offset_ledger import Move, OffsetRange, Tally
from services.stream.sink.postgres import Session
from services.stream.sink.staging import (
    Tallies,
    is_binary,
    line_buffer,
    newest,
    rejected_records,
    tally,
    total,
    without_bytes,
)
from services.stream.sqlstate import DatabaseError, Fault

CHUNK_ROWS = 30_000
ISOLATING_ROWS = 500

Publish = Callable[[Iterable[RejectedRecord]], None]
"""Returns when every record is acknowledged by the dead-letter topic. Raises BrokerError."""


class Purpose(Enum):
    """What the records are read for."""

    LIVE = auto()
    """The first time: the ledger says which are due, and moves."""
    REPLAY = auto()
    """Again: merged, while the ledger stays; refused records were kept the first time."""
    PREVIEW = auto()
    """Only to tell what a replay would write."""


@dataclass(frozen=True)
class Work:
    """What is to be done with records of `topic`, wherever it is done.

    `topic_id` goes into a ledger that begins, `accept_lost` lets it pass over what Kafka no longer
    has. `isolating` finds the rows that the database refuses and rejects them; without it the first
    such row is an error. It needs the bytes of every record. So many rows at once, or more, are
    copied `straight` if none of them is known.
    """

    topic: str
    purpose: Purpose = Purpose.LIVE
    topic_id: str = ""
    accept_lost: bool = False
    isolating: bool = False
    straight_rows: int = STRAIGHT_ROWS.default


@dataclass(frozen=True)
class Done:
    """What became of the records: per partition the tally, and the ledger's moves."""

    tallies: Tallies = field(default_factory=dict)
    moves: tuple[Move, ...] = ()

    def __add__(self, other: Done) -> Done:
        return Done(total(self.tallies, other.tallies), self.moves + other.moves)


def apply(
    session: Session,
    work: Work,
    publish: Publish,
    ranges: Mapping[int, OffsetRange],
    batches: Iterable[pa.RecordBatch],
) -> Done:
    """Apply the outcomes of `ranges`, given in the order of their offsets, in one transaction.

    Raises DatabaseError, OffsetGapError and what `publish` raises; then nothing is written.
    """
    session.prepare_staging()
    with session.transaction():
        known = session.lock_ledger(work.topic, sorted(ranges))
        if work.purpose is not Purpose.LIVE:
            return _Transaction(session, work, publish).take(batches)
        if missing := {number: item for number, item in ranges.items() if number not in known}:
            session.open_ledger(work.topic, work.topic_id, missing)
            known = session.lock_ledger(work.topic, sorted(ranges))
        due = offset_ledger.pending(known, ranges, work.accept_lost)
        if not due:
            return Done()
        done = _Transaction(session, work, publish).take(_due(due, batches))
        moved = offset_ledger.moves(known, due, done.tallies)
        session.move_ledger(work.topic, moved)
        reach("sink.ledger_moved")
    reach("sink.after_commit")
    return replace(done, moves=tuple(moved))


def _due(
    due: Mapping[int, OffsetRange], batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    # The ledger may have moved since the batch was read: whatever it covers is done.
    for batch in batches:
        wanted = pa.array([False] * len(batch))
        for partition, offsets in due.items():
            here = pc.equal(batch.column("partition"), partition)
            later = pc.greater_equal(batch.column("offset"), offsets.start)
            wanted = pc.or_(wanted, pc.and_(here, later))
        yield batch if wanted.true_count == len(batch) else batch.filter(wanted)


@dataclass
class _Transaction:
    session: Session
    work: Work
    publish: Publish
    tallies: Tallies = field(default_factory=dict)
    symbols: set[str] = field(default_factory=set)
    staged: bool = False

    def take(self, batches: Iterable[pa.RecordBatch]) -> Done:
        for chunk in _chunks(self._counted(batches), self._chunk_rows()):
            self._merge(chunk)
        if self.symbols:
            self.session.notify(frozenset(self.symbols))
        return Done(self.tallies)

    def _chunk_rows(self) -> int:
        return ISOLATING_ROWS if self.work.isolating else CHUNK_ROWS

    def _counted(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            seen = tally(batch)
            self.tallies = total(self.tallies, seen)
            if any(partition.bad for partition in seen.values()):
                self._reject(rejected_records(batch))
            if any(partition.good for partition in seen.values()):
                yield batch if self.work.isolating else without_bytes(batch)

    def _reject(self, records: Iterable[RejectedRecord]) -> None:
        # Before the commit: the offsets move only once both places have the record.
        if self.work.purpose is Purpose.LIVE:
            refused = list(records)
            self.publish(refused)
            reach("sink.rejected_published")
            self.session.keep_rejected(self.work.topic, refused)

    def _merge(self, chunk: pa.RecordBatch) -> None:
        if not self.work.isolating:
            self._stage_and_merge(chunk)
            return
        try:
            with self.session.transaction():
                self._stage_and_merge(chunk)
        except DatabaseError as error:
            if error.fault is not Fault.DATA:
                raise
            if len(chunk) == 1:
                self._refuse(chunk, error)
                return
            half = len(chunk) // 2
            self._merge(chunk.slice(0, half))
            self._merge(chunk.slice(half))

    def _stage_and_merge(self, chunk: pa.RecordBatch) -> None:
        rows = newest(chunk)
        merged = self._added(rows)
        if merged is None:
            merged = self._merged(rows)
        reach("sink.after_merge")
        self.symbols |= merged.symbols
        self.tallies = total(self.tallies, _as_tallies(merged.written))

    def _added(self, rows: pa.RecordBatch) -> Merged | None:
        may_be_new = not self.work.isolating and self.work.purpose is not Purpose.PREVIEW
        if may_be_new and is_binary(rows.column("line")) and len(rows):
            return insert_new.add(self.session, rows, self.work.straight_rows)
        return None

    def _merged(self, rows: pa.RecordBatch) -> Merged:
        if self.staged:
            self.session.empty_staged_bars()
        self.staged = True
        lines = rows.column("line")
        binary = is_binary(lines)
        self.session.stage_bars([line_buffer(copy_binary.rows(lines) if binary else lines)], binary)
        is_preview = self.work.purpose is Purpose.PREVIEW
        present_names.use(self.session, keep_told=not is_preview)
        if is_preview:
            return Merged(self.session.preview(), frozenset())
        return self.session.merge(len(rows))

    def _refuse(self, row: pa.RecordBatch, error: DatabaseError) -> None:
        [values] = row.to_pylist()
        values |= {"line": None, "reason": f"database_{error.sqlstate}"}
        partition = values["partition"]
        self._reject(rejected_records(pa.RecordBatch.from_pylist([values], schema=row.schema)))
        self.tallies = total(self.tallies, {partition: Tally(good=-1, bad=1)})


def _chunks(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Yield all rows of `batches`, so many at a time or as they come in larger batches."""
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        for start in range(0, len(batch), rows):
            waiting.append(batch.slice(start, rows))
            if sum(map(len, waiting)) >= rows:
                yield pa.concat_batches(waiting)
                waiting = []
    if waiting:
        yield pa.concat_batches(waiting)


def _as_tallies(written: Mapping[int, Written]) -> Tallies:
    return {
        partition: Tally(added=rows.added, changed=rows.changed)
        for partition, rows in written.items()
    }
