"""Rows of a table in, some at a time, a page as JSON, CSV or Parquet out.

Of a page no more is kept than a few rows and the packed text: fifty thousand rows are twenty
megabytes of JSON, and as Python's objects several times that.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa
import simplejson
from pyarrow import csv, parquet

from services.dashboard.data_api.dataset import Dataset, Kind

MEDIA_TYPES: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
_ARROW: Final = {
    Kind.TEXT: pa.string(),
    Kind.EXACT: pa.decimal128(38, 10),
    Kind.REAL: pa.float64(),
    Kind.WHOLE: pa.int64(),
    Kind.INSTANT: pa.timestamp("us", "UTC"),
    Kind.UTC: pa.timestamp("us", "UTC"),
    Kind.LOCAL: pa.timestamp("us"),
    Kind.DAY: pa.date32(),
    Kind.FLAG: pa.bool_(),
}

Rows = Sequence[Sequence[Any]]


def arrow_schema(dataset: Dataset, decimals: str) -> pa.Schema:
    """Return the names and types of a table's columns in Parquet and Arrow."""
    types = {**_ARROW, Kind.EXACT: pa.float64()} if decimals == "float" else _ARROW
    return pa.schema([(name, types[kind]) for name, kind in dataset.columns])


_LEVEL: Final = 3
_PIECE_BYTES: Final = 65_536


@dataclass(frozen=True)
class Body:
    """A page that is complete. `packed`: by gzip, to be unpacked for who cannot do so."""

    content: bytes
    length: int
    packed: bool

    def pieces(self, unpack: bool) -> Iterator[bytes]:
        """Yield it, as it is kept or unpacked."""
        with io.BytesIO(self.content) as kept:
            source = gzip.GzipFile(fileobj=kept) if unpack and self.packed else kept
            while piece := source.read(_PIECE_BYTES):
                yield piece


class Encoder:
    """Makes one page in one of the MEDIA_TYPES. Prices and volumes keep every digit as `decimal`,
    and in text always; Parquet, whose columns have one scale, writes ten after the point."""

    def __init__(self, dataset: Dataset, form: str, decimals: str) -> None:
        self._names = [name for name, _ in dataset.columns]
        self._kinds = [kind for _, kind in dataset.columns]
        as_text = {Kind.EXACT: _plain} if decimals == "decimal" else {}
        self._as_json = [{**_AS_JSON, **as_text}.get(kind) for kind in self._kinds]
        self._as_floats = decimals == "float"
        self._form = form
        self._buffer = io.BytesIO()
        self._tables = [self._as_table([])]
        self._length = 0
        self._begun = False
        self._packed = gzip.GzipFile(fileobj=self._buffer, mode="wb", compresslevel=_LEVEL)
        if form == "csv":
            self._write_csv(self._tables[0], header=True)
        elif form == "json":
            self._write(b'{"data":[')

    def add(self, rows: Rows) -> None:
        """Take the next rows."""
        if not rows:
            return
        if self._form == "json":
            text = _dumps([self._as_object(row) for row in rows])
            self._write(b"," * self._begun + text[1:-1])
        elif self._form == "csv":
            self._write_csv(self._as_table(rows), header=False)
        else:
            self._tables.append(self._as_table(rows))
        self._begun = True

    def finish(self, next_cursor: str | None, note: str | None) -> Body:
        """Return the page."""
        if self._form == "parquet":
            self._packed.close()
            buffer = io.BytesIO()
            parquet.write_table(pa.concat_tables(self._tables), buffer, compression="zstd")
            return Body(buffer.getvalue(), buffer.tell(), packed=False)
        if self._form == "json":
            self._write(b'],"next_cursor":' + _dumps(next_cursor))
            self._write(b',"note":' + _dumps(note) + b"}")
        self._packed.close()
        return Body(self._buffer.getvalue(), self._length, packed=True)

    def _write(self, text: bytes) -> None:
        self._length += len(text)
        self._packed.write(text)

    def _write_csv(self, table: pa.Table, *, header: bool) -> None:
        buffer = io.BytesIO()
        csv.write_csv(
            table, buffer, csv.WriteOptions(include_header=header, quoting_style="needed")
        )
        self._write(buffer.getvalue())

    def _as_object(self, row: Sequence[Any]) -> dict[str, Any]:
        return {
            name: value if as_json is None or value is None else as_json(value)
            for name, as_json, value in zip(self._names, self._as_json, row, strict=True)
        }

    def _as_table(self, rows: Rows) -> pa.Table:
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self._names)
        arrays = [
            self._as_array(column, kind) for column, kind in zip(columns, self._kinds, strict=True)
        ]
        return pa.Table.from_arrays(arrays, names=self._names)

    def _as_array(self, column: Sequence[Any], kind: Kind) -> pa.Array:
        if self._form == "csv" and kind in _AS_TEXT:
            say = _AS_TEXT[kind]
            return pa.array([None if one is None else say(one) for one in column], pa.string())
        if self._form == "csv" and kind is Kind.EXACT:
            return pa.array(column)  # as many digits as the finest of them has
        if self._as_floats and kind is Kind.EXACT:
            return pa.array([None if one is None else float(one) for one in column], pa.float64())
        return pa.array(_fitting(column, kind), _ARROW[kind])


def _dumps(value: Any) -> bytes:
    text: str = simplejson.dumps(value, use_decimal=True, ignore_nan=True, separators=(",", ":"))
    return text.encode()


def instant_text(instant: datetime) -> str:
    """Return an instant as every answer in text says it: UTC, to the microsecond."""
    return f"{_clock_text(instant.astimezone(UTC) if instant.tzinfo else instant)}Z"


def _clock_text(clock: datetime) -> str:
    return clock.replace(tzinfo=None).isoformat(timespec="microseconds")


def _plain(value: Decimal) -> str:
    return f"{value:f}"


_AS_TEXT: Final[Mapping[Kind, Callable[[Any], str]]] = {
    Kind.INSTANT: instant_text,
    Kind.UTC: instant_text,
    Kind.LOCAL: _clock_text,
}
_AS_JSON: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    **_AS_TEXT,
    Kind.WHOLE: int,
    Kind.DAY: date.isoformat,
}
"""How a value is said in JSON; those of the other kinds can be said as they are."""


def _fitting(column: Sequence[Any], kind: Kind) -> Sequence[Any]:
    # A sum of whole numbers is numeric in PostgreSQL.
    if kind is Kind.WHOLE:
        return [None if value is None else int(value) for value in column]
    return column
