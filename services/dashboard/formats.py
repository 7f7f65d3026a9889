"""Rows of a table in, a page as JSON, CSV or Parquet out. The only importer of pyarrow."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import pyarrow as pa
import simplejson
from pyarrow import csv, parquet

from services.dashboard.datasets import Dataset, Kind

MEDIA_TYPES: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
_ARROW: Final = {
    Kind.TEXT: pa.string(),
    Kind.PRICE: pa.decimal128(24, 6),
    Kind.REAL: pa.float64(),
    Kind.WHOLE: pa.int64(),
    Kind.INSTANT: pa.timestamp("us", "UTC"),
    Kind.UTC: pa.timestamp("us", "UTC"),
    Kind.LOCAL: pa.timestamp("us"),
    Kind.DAY: pa.date32(),
    Kind.FLAG: pa.bool_(),
}

Rows = Sequence[Sequence[Any]]


def encode(dataset: Dataset, rows: Rows, form: str, next_cursor: str | None) -> bytes:
    """Return a page in one of the MEDIA_TYPES. Prices keep every digit in each of them."""
    if form == "json":
        return _as_json(dataset, rows, next_cursor)
    table = _as_table(dataset, rows)
    buffer = io.BytesIO()
    if form == "csv":
        csv.write_csv(table, buffer, csv.WriteOptions(quoting_style="needed"))
    else:
        parquet.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def _as_json(dataset: Dataset, rows: Rows, next_cursor: str | None) -> bytes:
    names = [name for name, _ in dataset.columns]
    kinds = [kind for _, kind in dataset.columns]
    data = [dict(zip(names, map(_json_value, row, kinds), strict=True)) for row in rows]
    page = {"data": data, "next_cursor": next_cursor}
    text: str = simplejson.dumps(page, use_decimal=True, ignore_nan=True, separators=(",", ":"))
    return text.encode()


def _json_value(value: Any, kind: Kind) -> Any:
    if isinstance(value, datetime):
        if kind is Kind.LOCAL:
            return value.isoformat()
        instant = value if value.tzinfo else value.replace(tzinfo=UTC)
        return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if kind is Kind.WHOLE and value is not None:
        return int(value)
    return value.isoformat() if isinstance(value, date) else value


def _as_table(dataset: Dataset, rows: Rows) -> pa.Table:
    schema = pa.schema([(name, _ARROW[kind]) for name, kind in dataset.columns])
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [
        pa.array(_fitting(column, kind), _ARROW[kind])
        for column, (_, kind) in zip(columns, dataset.columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


def _fitting(column: Sequence[Any], kind: Kind) -> Sequence[Any]:
    # A sum of whole numbers is numeric in PostgreSQL.
    if kind is Kind.WHOLE:
        return [None if value is None else int(value) for value in column]
    return column
