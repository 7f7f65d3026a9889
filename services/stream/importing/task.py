"""What an executor does with a file: decodes it and applies it, in one transaction a part.

A zip or a gzip file is one task, since nobody can read it from its middle. In come numbers of
sources, out goes one report for each; an error of the surroundings is reported rather than raised,
so that Spark does not repeat what the driver will.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, replace

import pyarrow as pa

from services.common import fail_points
from services.common.fail_points import reach
from services.stream.broker import BrokerError
from services.stream.files.decode import DecodedRow, Decoder
from services.stream.files.layout import FileError
from services.stream.importing.outcomes import outcomes
from services.stream.importing.sources import Source
from services.stream.settings import PostgresAddress
from services.stream.sink.executor_task import REPORT_SCHEMA, Report
from services.stream.sink.offset_ledger import OffsetRange, Tally
from services.stream.sink.postgres import Session
from services.stream.sink.rejected_topic import RejectedTopic
from services.stream.sink.session_cache import cached_session
from services.stream.sink.transaction import Publish, Purpose, Work, apply
from services.stream.sqlstate import DatabaseError, Fault

BROKEN_FILE = "file"
"""The fault of a file that ends early; what was read of it before is applied."""

_ARROW = {"int": pa.int32(), "bigint": pa.int64(), "string": pa.string()}
_REPORT = pa.schema(
    [(name, _ARROW[kind]) for name, kind in (item.split() for item in REPORT_SCHEMA.split(", "))]
)


@dataclass(frozen=True)
class Target:
    """Where bars go: the addresses, what they are read for, and rows of one transaction."""

    address: PostgresAddress
    bootstrap: str
    purpose: Purpose
    part_rows: int


def import_files(
    sources: Sequence[Source], target: Target
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """Return the function that each Spark task runs over numbers of `sources`."""
    fail_at = fail_points.armed()

    def run(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        fail_points.arm(fail_at)
        for batch in batches:
            for number in batch.column("id").to_pylist():
                report = _reported(number, sources[number], target)
                yield pa.RecordBatch.from_pylist([asdict(report)], schema=_REPORT)

    return run


def _reported(number: int, source: Source, target: Target) -> Report:
    tally = Tally()
    try:
        with (
            cached_session(target.address, "tapeline import") as session,
            closing(RejectedTopic(target.bootstrap, source.topic)) as rejected,
        ):
            for part in _parts(source, target.part_rows):
                tally += apply_part(session, source, target.purpose, rejected.publish, part)
                reach("import.part_merged")
    except DatabaseError as error:
        return _report(number, tally, "database", str(error), error.sqlstate)
    except BrokerError as error:
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


def _parts(source: Source, rows: int) -> Iterator[list[DecodedRow]]:
    """Yield the rows that are due, so many at a time. Raises FileError, after all before it."""
    part: list[DecodedRow] = []
    decoder = Decoder(source.path, source.layout, source.observed_at)
    try:
        for row in decoder.rows(source.begun):
            part.append(row)
            if len(part) == rows:
                yield part
                part = []
    except FileError:
        if part:
            yield part
        raise
    if part:
        yield part


def apply_part(
    session: Session,
    source: Source,
    purpose: Purpose,
    publish: Publish,
    part: Sequence[DecodedRow],
) -> Tally:
    """Apply consecutive rows of a file in one transaction; rows that the database refuses are dead
    letters. Raises DatabaseError, BrokerError and FileError."""
    offsets = OffsetRange(source.offset(part[0].number), source.offset(part[-1].number) + 1)
    work = Work(source.topic, purpose, topic_id=source.label)
    batches = outcomes(source, part)
    ranges = {source.partition: offsets}
    try:
        done = apply(session, work, publish, ranges, batches)
    except DatabaseError as error:
        if error.fault is not Fault.DATA:
            raise
        done = apply(session, replace(work, isolating=True), publish, ranges, batches)
    return done.tallies.get(source.partition, Tally())
