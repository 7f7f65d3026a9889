"""The rows of a Parquet file in blocks, each column of its type. Pure but for reading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from services.stream.files.parquet_cells import batches, texts
from services.stream.files.text_lines import Limits, Row


@dataclass(frozen=True)
class ParquetBlock:
    """Consecutive rows of a file, the first of which has a number there."""

    member: str
    rows: pa.RecordBatch
    number: int

    def __len__(self) -> int:
        return len(self.rows)

    def slice(self, begin: int, end: int) -> ParquetBlock:
        """Return the rows from a place to another."""
        return ParquetBlock(self.member, self.rows.slice(begin, end - begin), self.number + begin)

    def row(self, place: int) -> Row:
        """Return a row as the texts of its cells."""
        cells = [texts(column)[0] for column in self.rows.slice(place, 1).columns]
        return Row(self.member, self.number + place, cells, ",".join(cells).encode())

    def columns(self, width: int) -> Mapping[int, pa.Array]:
        """Return the columns, at least `width`, or none."""
        return dict(enumerate(self.rows.columns)) if self.rows.num_columns >= width else {}


def parquet_blocks(path: Path, limits: Limits) -> Iterator[Row | ParquetBlock]:
    """Yield the names of the columns as a row, then the rows in blocks. Raises FileError."""
    names, found = batches(path, limits.unpacked_bytes)
    yield Row(path.name, 0, names, ",".join(names).encode())
    number = 1
    for batch in found:
        yield ParquetBlock(path.name, batch, number)
        number += len(batch)
