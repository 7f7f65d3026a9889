"""A Parquet file as rows of texts, whatever types its columns have. Pure but for reading it.

Decimals and whole numbers keep their digits, of a float the shortest digits that mean it count, and
a moment is written with its offset, or without where the column has no zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from services.stream.files.layout import FileError, side_by_side

_BATCH_ROWS = 30_000


def rows(path: Path, most_bytes: int) -> Iterator[list[str]]:
    """Yield the names of the columns, then the cells of each row. Raises FileError."""
    names, found = batches(path, most_bytes)
    yield names
    for batch in found:
        columns = [texts(column) for column in batch.columns]
        yield from (list(row) for row in zip(*columns, strict=True))


def batches(path: Path, most_bytes: int) -> tuple[list[str], Iterator[pa.RecordBatch]]:
    """Return the names of the columns, and their rows in batches. Raises FileError."""
    with _whole(path):
        # What is read ahead would be kept until the file is closed.
        file = pq.ParquetFile(path, pre_buffer=False)
        groups = (file.metadata.row_group(number) for number in range(file.num_row_groups))
        if sum(group.total_byte_size for group in groups) > most_bytes:
            raise FileError(f"{path.name} unpacks to more than {most_bytes} bytes, the limit")
        names = [name for name in file.schema_arrow.names if _is_flat(file.schema_arrow, name)]
        _require_one_symbol(path.name, names)
        return [_plain(name) for name in names], _batches(path, file, names)


def _batches(path: Path, file: pq.ParquetFile, names: list[str]) -> Iterator[pa.RecordBatch]:
    with _whole(path):
        yield from file.iter_batches(_BATCH_ROWS, columns=names, use_threads=False)


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except pa.ArrowException as error:
        raise FileError(f"{path.name} is no whole Parquet file: {error}") from None


def _is_flat(schema: pa.Schema, name: str) -> bool:
    return not pa.types.is_nested(schema.field(name).type)


def _require_one_symbol(name: str, columns: list[str]) -> None:
    pairs = [_levels(column) for column in columns]
    symbols = {pair[1] for pair in pairs if len(pair) == 2 and pair[1]}
    if len(symbols) > 1:
        raise side_by_side(name, len(symbols))


def _plain(name: str) -> str:
    return "time" if name.startswith("__index_level_0") else _levels(name)[0]


def _levels(name: str) -> list[str]:
    # pandas writes a column of two levels as the text of a tuple: ('Close', 'AAPL').
    if name.startswith("('") and name.endswith("')"):
        return name[2:-2].split("', '", maxsplit=1)
    return [name]


def texts(column: pa.Array) -> list[str]:
    """Return the texts of a column; a null is an empty one."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return texts(column.dictionary_decode())
    if pa.types.is_timestamp(kind):
        return _moments(column)
    if pa.types.is_floating(kind):
        # Python's own: Arrow's shortest form of a float has an exponent.
        return ["" if value is None else repr(value) for value in _narrow(column)]
    return [text or "" for text in pc.cast(column, pa.string()).to_pylist()]


def strings(column: pa.Array) -> pa.StringArray:
    """Return the texts of a column whole, for those who can do without exponents of floats."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_dictionary(column.type):
        return strings(column.dictionary_decode())
    if pa.types.is_floating(column.type) or pa.types.is_timestamp(column.type):
        return pa.array(texts(column), pa.string())
    return column.cast(pa.string())


def _narrow(column: pa.Array) -> list[float | None]:
    if column.type == pa.float64():
        return list(column.to_pylist())
    # The shortest digits of a narrow float are not those of the double that it becomes.
    return [None if text is None else float(text) for text in column.cast(pa.string()).to_pylist()]


def _moments(column: pa.Array) -> list[str]:
    if column.type.tz is None:
        plain = pc.strftime(column.cast(pa.timestamp("us"), safe=False), "%Y-%m-%d %H:%M:%S")
        return [_seconds(text) for text in plain.to_pylist()]
    in_utc = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    return [_seconds(text) for text in pc.strftime(in_utc, "%Y-%m-%d %H:%M:%S%z").to_pylist()]


def _seconds(text: str | None) -> str:
    if text is None:
        return ""
    # Arrow writes a fraction behind the seconds.
    head, point, rest = text.partition(".")
    if not point:
        return head
    digits = len(rest) - len(rest.lstrip("0123456789"))
    fraction = rest[:digits].rstrip("0")
    return head + (f".{fraction}" if fraction else "") + rest[digits:]
