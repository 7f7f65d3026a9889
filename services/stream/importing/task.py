"""What an executor does with a file: decodes it and applies it, in one transaction a part.

Small files of which nothing is known share a transaction. A zip or a gzip file is one task, since
nobody can read it from its middle. In come numbers of sources, out goes one report for each; an
error of the surroundings is reported rather than raised, so that Spark does not repeat what the
driver will.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import TypeVar

import pyarrow as pa

from services.common import fail_points
from services.common.fail_points import reach
from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.diagnosis import KafkaSetupError
from services.stream.broker import BrokerError
from services.stream.files.columnar.decode import ColumnDecoder, Piece
from services.stream.files.layout import FileError
from services.stream.importing.outcomes import outcomes, piece_outcomes
from services.stream.importing.sources import Source
from services.stream.settings import PostgresAddress
from services.stream.sink.executor_task import Report
from services.stream.sink.insert_new import NewSource, add_sources
from services.stream.sink.offset_ledger import OffsetRange, Tally
from services.stream.sink.postgres import Session
from services.stream.sink.rejected_topic import RejectedTopic
from services.stream.sink.session_cache import cached_session
from services.stream.sink.transaction import Publish, Purpose, Work, apply
from services.stream.sqlstate import DatabaseError, Fault

_T = TypeVar("_T")
_STRAIGHT_ROWS = 200
"""A file of one day is copied straight as well: history is mostly new."""
_SMALL_BYTES = 256 * 1024
"""A file of a day of minutes has 8 to 30 KiB; a larger one is worth a transaction of its own."""
BROKEN_FILE = "file"
"""The fault of a file that ends early; what was read of it before is applied."""


@dataclass(frozen=True)
class Target:
    """Where bars go: the addresses, what they are read for, and rows of one transaction."""

    address: PostgresAddress
    cluster: KafkaCluster
    purpose: Purpose
    part_rows: int


def import_files(
    sources: Sequence[Source], target: Target
) -> Callable[[Iterable[int]], Iterator[Report]]:
    """Return the function that each Spark task runs over numbers of `sources`."""
    fail_at = fail_points.armed()

    def run(numbers: Iterable[int]) -> Iterator[Report]:
        fail_points.arm(fail_at)
        for group in ahead(groups(numbers, sources, target)):
            if len(group) == 1 or not (yield from _stored_together(group, sources, target)):
                for number in group:
                    yield _reported(number, sources[number], target)

    return run


Group = dict[int, "Part | None"]
"""Files by their numbers, several of them with all of their rows, which are all good; one alone
may be of any kind."""


def groups(numbers: Iterable[int], sources: Sequence[Source], target: Target) -> Iterator[Group]:
    """Yield files in their order, small ones together, until they have the rows of a part."""
    small, rows = Group(), 0
    for number in numbers:
        part = _whole(sources[number], target)
        if part is None or rows >= target.part_rows:
            if small:
                yield small
            small, rows = Group(), 0
        if part is None:
            yield {number: None}
            continue
        small[number] = part
        rows += part.offsets[1]
    if small:
        yield small


def _whole(source: Source, target: Target) -> Part | None:
    """Return all rows of a small file of which nothing was imported, if they are good."""
    try:
        if (
            target.purpose is not Purpose.LIVE
            or source.begun
            or source.path.stat().st_size > _SMALL_BYTES
        ):
            return None
        found = list(islice(parts(source, target.part_rows), 2))
    except (FileError, OSError):
        return None  # who reads it again names it
    if len(found) != 1 or any(
        batch.column("reason").null_count < len(batch) for batch in found[0].batches
    ):
        return None
    return found[0]


def _stored_together(
    group: Group, sources: Sequence[Source], target: Target
) -> Generator[Report, None, bool]:
    """Store files in one transaction, and report each; return whether that could be done."""
    new = [_new(sources[number], part) for number, part in group.items() if part is not None]
    try:
        with cached_session(target.address, "tapeline import") as session:
            if not add_sources(session, new, _STRAIGHT_ROWS):
                return False
        reach("import.files_stored")
    except DatabaseError as error:
        if error.fault is Fault.DATA:
            return False
        for number in group:
            yield _report(number, Tally(), "database", str(error), error.sqlstate)
        return True
    for number, source in zip(group, new, strict=True):
        rows = source.offsets.until - source.offsets.start
        yield _report(number, Tally(good=rows, added=rows))
    return True


def _new(source: Source, part: Part) -> NewSource:
    return NewSource(
        source.topic, source.label, source.partition, _offsets(source, part), part.batches
    )


def _offsets(source: Source, part: Part) -> OffsetRange:
    first, until = part.offsets
    return OffsetRange(source.offset(first), source.offset(until - 1) + 1)


def _reported(number: int, source: Source, target: Target) -> Report:
    tally = Tally()
    try:
        with (
            cached_session(target.address, "tapeline import") as session,
            closing(RejectedTopic(target.cluster, source.topic)) as rejected,
        ):
            for part in ahead(parts(source, target.part_rows)):
                tally += apply_part(session, source, target.purpose, rejected.publish, part)
                reach("import.part_merged")
    except DatabaseError as error:
        return _report(number, tally, "database", str(error), error.sqlstate)
    except (BrokerError, KafkaSetupError) as error:
        return _report(number, tally, "broker", str(error))
    except FileError as error:
        return _report(number, tally, BROKEN_FILE, str(error))
    return _report(number, tally)


def _report(
    number: int,
    tally: Tally,
    fault: str | None = None,
    message: str | None = None,
    sqlstate: str | None = None,
) -> Report:
    return Report(number, **asdict(tally), fault=fault, message=message, sqlstate=sqlstate)


def parts(source: Source, rows: int) -> Iterator[Part]:
    """Yield the rows that are due, so many at a time. Raises FileError, after all before it."""
    decoder = ColumnDecoder(source.path, source.layout, source.observed_at)
    for pieces in decoder.parts(rows, source.begun):
        batches = [batch for piece in pieces for batch in piece_outcomes(source, piece)]
        yield Part(pieces, batches)


@dataclass(frozen=True)
class Part:
    """Consecutive rows of a file, and what is to become of them."""

    pieces: Sequence[Piece]
    batches: Sequence[pa.RecordBatch]

    @property
    def offsets(self) -> tuple[int, int]:
        """The numbers of the first row, and of the one after the last."""
        return int(self.pieces[0].numbers[0]), int(self.pieces[-1].numbers[-1]) + 1


def ahead(items: Iterable[_T]) -> Iterator[_T]:
    """Yield items, each made ready while the one before it is in use. Raises what that raises, in
    its turn."""
    waiting = iter(items)
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(next, waiting, None)
        while (item := following.result()) is not None:
            following = pool.submit(next, waiting, None)
            yield item


def apply_part(
    session: Session, source: Source, purpose: Purpose, publish: Publish, part: Part
) -> Tally:
    """Apply consecutive rows of a file in one transaction; rows that the database refuses are dead
    letters. Raises DatabaseError, BrokerError and FileError."""
    work = Work(source.topic, purpose, topic_id=source.label, straight_rows=_STRAIGHT_ROWS)
    ranges = {source.partition: _offsets(source, part)}
    try:
        done = apply(session, work, publish, ranges, part.batches)
    except DatabaseError as error:
        if error.fault is not Fault.DATA:
            raise
        # Each row once more, with its bytes.
        rows = [row for piece in part.pieces for row in piece.again()]
        batches = outcomes(source, rows)
        done = apply(session, replace(work, isolating=True), publish, ranges, batches)
    return done.tallies.get(source.partition, Tally())
