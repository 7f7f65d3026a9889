"""Bars in Arrow → rows as COPY's binary format has them, whole columns at a time.

Pure. The server takes such a row in two thirds of the time that it needs for a line of text: it
parses no number and looks for no tab. A field is its length and its bytes, the first byte first;
a numeric is its digits in base 10,000 (PostgreSQL's documentation: COPY, "Binary Format").
"""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

ROW_COLUMNS = (
    *("symbol", "interval", "bar_time", "session_date"),
    *("source", "freshness", "adjusted", "is_final"),
    *("open", "high", "low", "close", "volume"),
    *("observed_at", "kafka_partition", "kafka_offset"),
)
"""Columns of a row, in this order."""
STAMPED_COLUMNS = (*ROW_COLUMNS, "inserted_at", "updated_at")
"""The same of a row that says itself when it was stored."""

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = struct.pack(">h", -1)
"""What COPY wants before the first row and after the last one."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH_US = round(_EPOCH.timestamp()) * 1_000_000

# Of twelve digits before the point and six after it; the server strips what is zero.
_DIGITS = 5
_PRICE = np.dtype(
    [
        *(("length", ">i4"), ("digits", ">i2"), ("weight", ">i2"), ("sign", ">i2")),
        *(("scale", ">i2"), ("digit", ">i2", _DIGITS)),
    ]
)
_VALUES = np.dtype(
    [
        ("prices", _PRICE, 4),
        *(("volume_length", ">i4"), ("volume", ">i8")),
        *(("observed_at_length", ">i4"), ("observed_at", ">i8")),
        *(("partition_length", ">i4"), ("partition", ">i4")),
        *(("offset_length", ">i4"), ("offset", ">i8")),
    ]
)
_FORM = np.zeros((), _VALUES)
_FORM["prices"]["length"] = _PRICE.itemsize - 4
_FORM["prices"]["digits"] = _DIGITS
_FORM["prices"]["weight"] = 2
_FORM["prices"]["scale"] = 6
for _name in ("volume", "observed_at", "partition", "offset"):
    _FORM[f"{_name}_length"] = _VALUES[_name].itemsize

Int64s = npt.NDArray[np.int64]


def head(symbol: str) -> bytes:
    """Return the field of the symbol."""
    return _field(symbol.encode())


def start(interval: str, bar_time: datetime, session_date: date) -> bytes:
    """Return the fields that tell when a bar starts."""
    days = (session_date - _EPOCH.date()).days
    return _field(interval.encode()) + _instant(bar_time) + _field(struct.pack(">i", days))


def origin(source: str, freshness: str, adjusted: bool, is_final: bool) -> bytes:
    """Return the fields that tell where a bar comes from."""
    texts = (source.encode(), freshness.encode())
    return b"".join(map(_field, (*texts, bytes([adjusted]), bytes([is_final]))))


def _instant(moment: datetime) -> bytes:
    return _field(struct.pack(">q", (moment - _EPOCH) // _MICROSECOND))


def _field(content: bytes) -> bytes:
    return struct.pack(">i", len(content)) + content


def values(
    prices: Int64s, volume: pa.Array, observed_at: pa.Array, partition: pa.Array, offset: pa.Array
) -> pa.BinaryArray:
    """Return the fields of each row's values. Prices are millionths, a row of four each; volume and
    offset int64, partition int32, observed_at microseconds."""
    rows = np.frombuffer(bytearray(_FORM.tobytes() * len(prices)), _VALUES)
    rows["prices"]["digit"] = _digits(prices)
    rows["volume"] = volume.to_numpy()
    rows["observed_at"] = observed_at.cast(pa.int64()).to_numpy() - _EPOCH_US
    rows["partition"] = partition.to_numpy()
    rows["offset"] = offset.to_numpy()
    places = np.arange(len(rows) + 1, dtype=np.int32) * _VALUES.itemsize
    buffers = [None, pa.py_buffer(places), pa.py_buffer(rows)]
    return pa.BinaryArray.from_buffers(pa.binary(), len(rows), buffers)


def _digits(millionths: Int64s) -> npt.NDArray[np.int16]:
    # By division alone: the remainder's own operator takes several times as long.
    whole = millionths // 1_000_000
    fraction = millionths - whole * 1_000_000
    high = whole // 100_000_000
    rest = whole - high * 100_000_000
    middle = rest // 10_000
    first = fraction // 100
    digits = np.empty((*millionths.shape, _DIGITS), ">i2")
    parts = (high, middle, rest - middle * 10_000, first, (fraction - first * 100) * 100)
    for place, part in enumerate(parts):
        digits[:, :, place] = part
    return digits


def joined(*fields: pa.BinaryArray) -> pa.BinaryArray:
    """Return the fields of each row as one piece."""
    return pc.binary_join_element_wise(*fields, b"")


def rows(fields: pa.BinaryArray) -> pa.BinaryArray:
    """Return rows of ROW_COLUMNS: before a row's fields stands their number."""
    return joined(pa.scalar(_count(ROW_COLUMNS)), fields)


def stamped_rows(fields: pa.BinaryArray, moment: datetime) -> pa.BinaryArray:
    """Return rows of STAMPED_COLUMNS, all stored at one moment."""
    return joined(pa.scalar(_count(STAMPED_COLUMNS)), fields, pa.scalar(_instant(moment) * 2))


def _count(columns: tuple[str, ...]) -> bytes:
    return struct.pack(">h", len(columns))


def millionths(*prices: pa.StringArray) -> Int64s:
    """Return prices of at most twelve digits before the point and six after it, a row of each."""
    return np.stack([_millionths(texts) for texts in prices], axis=1)


def _millionths(texts: pa.StringArray) -> Int64s:
    # A decimal has two words; the second one of a number below 10^18 is zero.
    decimals = texts.cast(pa.decimal128(18, 6))
    words = np.frombuffer(decimals.buffers()[1], np.int64)
    return words[2 * decimals.offset :: 2][: len(decimals)]
