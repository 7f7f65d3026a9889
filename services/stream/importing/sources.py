"""A file as a source of the ledger: named by its hash and how it is read, its rows its offsets.

The rows of all files share the space of negative partitions, so that no row of a file is taken for
a record of Kafka: a source has a number, and 2^32 offsets of its own.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from services.stream.files.layout import FileError, Layout
from services.stream.files.recognise import Recognised
from services.stream.sink.postgres import Session

PREFIX: Final = "file:"
_ROWS_BITS = 32
_SOURCES_BITS = 16
"""So many sources share a partition: its offsets stay below 2^48."""

_READ: Final = """
select topic, topic_id, partition, first_offset, next_offset, stored, superseded, rejected
from market.sink_offsets where starts_with(topic, %s)
"""


@dataclass(frozen=True)
class Known:
    """What the ledger tells of a source: its number, how far it has come, and what became of it."""

    number: int
    observed_at: datetime
    rows: int
    stored: int
    superseded: int
    rejected: int


@dataclass(frozen=True)
class Source:
    """A file on its way: `begun` is the first row that is due."""

    path: Path
    topic: str
    number: int
    observed_at: datetime
    layout: Layout
    begun: int = 0

    @property
    def partition(self) -> int:
        """The partition that its rows are stored under."""
        return -1 - (self.number >> _SOURCES_BITS)

    def offset(self, row: int) -> int:
        """Return the offset of a row. Raises FileError beyond the last that there can be."""
        if row >> _ROWS_BITS:
            raise FileError(f"{self.path.name} has more than 2^{_ROWS_BITS} rows; cut it")
        return ((self.number % (1 << _SOURCES_BITS)) << _ROWS_BITS) + row

    @property
    def label(self) -> str:
        """What the ledger keeps in place of a topic's id: the file's name and when it was seen."""
        return f"{self.path.name} {self.observed_at.isoformat()}"


def read_known(session: Session) -> dict[str, Known]:
    """Return what the ledger knows of files, by the names of their sources."""
    return {row[0]: _known(row) for row in session.fetch(_READ, (PREFIX,))}


def _known(row: Sequence[object]) -> Known:
    _, label, partition, first, following, stored, superseded, rejected = row
    upper = (-1 - int(str(partition))) << _SOURCES_BITS
    return Known(
        number=upper + (int(str(first)) >> _ROWS_BITS),
        observed_at=datetime.fromisoformat(str(label).rpartition(" ")[2]),
        rows=int(str(following)) - int(str(first)),
        stored=int(str(stored)),
        superseded=int(str(superseded)),
        rejected=int(str(rejected)),
    )


def sources(
    files: Iterable[tuple[Path, Recognised]],
    known: Mapping[str, Known],
    now: datetime,
    observed_at: datetime | None = None,
) -> list[Source]:
    """Return a source for each file, a copy of one that was named before left out.

    Of files seen at one time the later one counts: its number, and so its offsets, are higher.
    `observed_at` is when a person says that the files were seen.
    """
    number = max((each.number for each in known.values()), default=-1)
    found: dict[str, Source] = {}
    for path, recognised in files:
        topic = _topic(path, recognised.layout, observed_at)
        if topic in found:
            continue
        before = known.get(topic)
        if before is None:
            number += 1
            seen = _seen(path, now) if observed_at is None else _milliseconds(observed_at)
            found[topic] = Source(path, topic, number, seen, recognised.layout)
        else:
            found[topic] = Source(
                path, topic, before.number, before.observed_at, recognised.layout, before.rows
            )
    return list(found.values())


def unreadable(path: Path, error: OSError) -> FileError:
    """Return the error of a file that the system refuses, and to whom it does."""
    return FileError(f"{path} cannot be read by user id {os.getuid()}: {error.strerror}")


def _topic(path: Path, layout: Layout, observed_at: datetime | None) -> str:
    try:
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from None
    # The same file read in another zone holds other bars, as does one that is said to have been
    # seen at another time: of what was refused as too late for it nothing is stored yet.
    said = repr(layout) if observed_at is None else f"{layout!r} {observed_at.isoformat()}"
    if layout.as_of is not None:
        # Once split and total left the same mark: such a file can be imported again.
        said = f"{said} {layout.mark}"
    reading = hashlib.sha256(said.encode()).hexdigest()[:8]
    return f"{PREFIX}{content}:{reading}"


def _seen(path: Path, now: datetime) -> datetime:
    """Return when a file was written: no bar in it was seen later."""
    written = min(path.stat().st_mtime, now.timestamp())
    return _milliseconds(datetime.fromtimestamp(written, UTC))


def _milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
