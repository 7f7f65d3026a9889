"""How far an import is, in rows, by the ledger: rate and time left. Pure but for sizes of files."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from services.stream.files.containers import Container, data_parts
from services.stream.importing.sources import Known, Source

_GZIP_FACTOR = 5
"""CSV of bars packs to about a fifth; the size in a gzip file's end is no help beyond 4 GiB."""


def estimated_rows(path: Path, row_bytes: float) -> int:
    """Return about how many rows a file has, of rows of so many bytes."""
    size = path.stat().st_size
    with path.open("rb") as file:
        container = Container.of(file.read(8))
    if container is Container.PARQUET:
        return int(pq.read_metadata(path).num_rows)
    if container is Container.ZIP:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in data_parts(archive))
    elif container is Container.GZIP:
        size *= _GZIP_FACTOR
    return max(1, round(size / max(1.0, row_bytes)))


@dataclass(frozen=True)
class Progress:
    """An import that began with so many rows done, of about so many in all."""

    begun_rows: int
    all_rows: int

    def line(self, done_rows: int, seconds: float) -> str:
        """Return what is said of the rows done after so many seconds."""
        rate = (done_rows - self.begun_rows) / seconds if seconds > 0 else 0.0
        share = min(99, 100 * done_rows // max(1, self.all_rows))
        said = f"{done_rows:,} of about {self.all_rows:,} rows ({share} %), {rate:,.0f} rows/s"
        if rate <= 0:
            return said
        return f"{said}, about {_span(max(0, self.all_rows - done_rows) / rate)} left"


def done_rows(sources: Iterable[Source], known: Mapping[str, Known]) -> int:
    """Return how many rows of some sources the ledger has."""
    return sum(known[each.topic].rows for each in sources if each.topic in known)


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
