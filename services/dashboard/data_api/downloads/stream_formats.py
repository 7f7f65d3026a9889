"""Bars as PostgreSQL copies them out in, some at a time, pieces of an Arrow stream, of a Parquet
file or of CSV out.

Names and types are those of the pages. Who reads can tell a whole answer from one that was cut:
an Arrow stream ends with its mark, a Parquet file with its footer, each answer with HTTP's last
chunk.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple, Protocol

import pyarrow as pa
from pyarrow import compute, csv, ipc, parquet

from services.dashboard.data_api.dataset import Dataset, Kind
from services.dashboard.data_api.formats import MEDIA_TYPES, arrow_schema

STREAM_TYPES: Final = {
    "arrow": "application/vnd.apache.arrow.stream",
    "parquet": MEDIA_TYPES["parquet"],
    "csv": MEDIA_TYPES["csv"],
}
_PLACE_OF_T: Final = 10  # in 2026-11-20 14:30:00.000000Z


class Piece(NamedTuple):
    """The next bytes of an answer, and how many rows are in them."""

    content: bytes
    rows: int


class _Writer(Protocol):
    def write_table(self, table: pa.Table) -> None: ...

    def close(self) -> None: ...


class _Outgoing(io.RawIOBase):
    """A file whose bytes are taken away as they come."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._place = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def write(self, content: Any) -> int:
        part = bytes(content)
        self._parts.append(part)
        self._place += len(part)
        return len(part)

    def take(self) -> bytes:
        parts, self._parts = self._parts, []
        return b"".join(parts)


def pieces(dataset: Dataset, form: str, decimals: str, copied: Iterable[bytes]) -> Iterator[Piece]:
    """Yield an answer in one of the STREAM_TYPES from some rows at a time of `copy ... (format
    csv)`; the first piece has rows if there are any."""
    schema = _schema(dataset, form, decimals)
    outgoing = _Outgoing()
    writer = _writer(form, outgoing, schema)
    for lines in copied:
        table = _parsed(lines, schema)
        writer.write_table(table)
        yield Piece(outgoing.take(), table.num_rows)
    writer.close()
    yield Piece(outgoing.take(), 0)


def _schema(dataset: Dataset, form: str, decimals: str) -> pa.Schema:
    """Return the types to read as; CSV passes every digit on as PostgreSQL says it."""
    schema = arrow_schema(dataset, decimals)
    if form != "csv":
        return schema
    exact = [kind is Kind.EXACT for _, kind in dataset.columns]
    return pa.schema(
        [
            field.with_type(pa.string()) if is_exact else field
            for field, is_exact in zip(schema, exact, strict=True)
        ]
    )


def _parsed(lines: bytes, schema: pa.Schema) -> pa.Table:
    as_copied = csv.ConvertOptions(
        column_types=schema,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["t"],
        false_values=["f"],
    )
    names = csv.ReadOptions(column_names=schema.names)
    return csv.read_csv(pa.BufferReader(lines), names, convert_options=as_copied).combine_chunks()


def _writer(form: str, outgoing: _Outgoing, schema: pa.Schema) -> _Writer:
    if form == "csv":
        return _CsvWriter(outgoing, schema)
    packed = ipc.IpcWriteOptions(compression="zstd")
    writer: _Writer = (
        parquet.ParquetWriter(outgoing, schema, compression="zstd")
        if form == "parquet"
        else ipc.new_stream(pa.PythonFile(outgoing, "w"), schema, options=packed)
    )
    return writer


class _CsvWriter:
    """Writes instants as the pages do."""

    def __init__(self, outgoing: _Outgoing, schema: pa.Schema) -> None:
        self._outgoing = outgoing
        self._write(schema.empty_table(), header=True)

    def write_table(self, table: pa.Table) -> None:
        columns = [
            compute.binary_replace_slice(
                column.cast(pa.string()), _PLACE_OF_T, _PLACE_OF_T + 1, "T"
            )
            if pa.types.is_timestamp(column.type)
            else column
            for column in table.columns
        ]
        self._write(pa.Table.from_arrays(columns, names=table.column_names), header=False)

    def close(self) -> None:
        """Add nothing."""

    def _write(self, table: pa.Table, *, header: bool) -> None:
        buffer = io.BytesIO()
        csv.write_csv(
            table, buffer, csv.WriteOptions(include_header=header, quoting_style="needed")
        )
        self._outgoing.write(buffer.getvalue())
