"""Records in the producer's own form → outcomes, whole columns at a time, if all are surely good.

Pure. This is the way of nearly every batch: no JSON parser, no Spark expression, a few microseconds
a record. It knows no reason for a rejection: at the first record in doubt it gives up, and the
batch takes the long way through `decode` and every rule. What it accepts, that way reads alike.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from services.stream import canonical
from services.stream.stage import OUTCOME_SCHEMA

VALUE_BYTES = 1000
"""No record of the producer's is longer; a longer value need not come here at all."""

KEY_BYTES = 16
"""Length of the longest symbol."""

_PATTERN = rf"\A{canonical.PATTERN}\z"
# A canonical text has so many.
_QUOTES = 56
_DAY_US = 86_400_000_000
# Below this, and with six decimals, no two prices are the same double.
_SURE_PRICE = 1e9
# Java's and Python's zone data need not agree on every past and future.
_SURE_YEARS = range(1971, 2038)


class DoubtError(Exception):
    """A record is not surely good; the batch must take the long way."""


def sure_outcomes(records: pa.RecordBatch) -> pa.RecordBatch:
    """Return OUTCOME_SCHEMA of records (at least one) with partition, offset, timestamp, key and
    value.

    Raises DoubtError.
    """
    value = records.column("value")
    _require(pc.match_substring_regex(value, _PATTERN))
    pieces = _Pieces(value)
    symbol = pieces.text("symbol")
    _require(pc.equal(records.column("key"), symbol.cast(pa.binary())))
    _require_prices(*(pieces.text(f"ohlcv.{name}") for name in ("open", "high", "low", "close")))
    starts = _starts(pieces)
    observed_at = _instants(pieces.text("observed_at"))
    _require_range(records.column("timestamp"), starts.column("bar_time"), observed_at)
    key = _tabbed(symbol, starts.column("bar_text"), pieces.text("interval"))
    columns = {
        "partition": records.column("partition"),
        "offset": records.column("offset"),
        "kafka_timestamp": records.column("timestamp"),
        "bar_key": key,
        "observed_at": observed_at,
        "line": _lines(key, starts.column("session_date"), pieces, records),
    }
    return pa.RecordBatch.from_arrays(
        [columns.get(each.name, pa.nulls(len(records), each.type)) for each in OUTCOME_SCHEMA],
        schema=OUTCOME_SCHEMA,
    )


def _lines(
    key: pa.StringArray, session_date: pa.StringArray, pieces: _Pieces, records: pa.RecordBatch
) -> pa.StringArray:
    partition, offset = (records.column(name).cast(pa.string()) for name in ("partition", "offset"))
    return _tabbed(
        key,
        *(pieces.text(f"ohlcv.{name}") for name in ("open", "high", "low", "close", "volume")),
        session_date,
        *(pieces.text(name) for name in ("source", "freshness")),
        *(_flag(pieces, number) for number in canonical.FLAGS),
        pieces.text("observed_at"),
        partition,
        pc.binary_join_element_wise(offset, "\n", ""),
    )


def _tabbed(*texts: pa.StringArray) -> pa.StringArray:
    return pc.binary_join_element_wise(*texts, "\t")


def _starts(pieces: _Pieces) -> pa.RecordBatch:
    # Few bars of a batch differ in their start, so that each is worked out once, in Python.
    texts = pieces.span("exchange_time", "exchange_tz").dictionary_encode()
    starts = [_start(text) for text in texts.dictionary.to_pylist()]
    return pa.RecordBatch.from_pylist(starts, schema=_START).take(texts.indices)


class _Pieces:
    """Canonical texts cut at their quotes, without copying them."""

    def __init__(self, value: pa.BinaryArray) -> None:
        _, places, data = value.buffers()
        ends = np.frombuffer(places, np.int32)[value.offset : value.offset + len(value) + 1]
        text = np.frombuffer(data, np.uint8)[: ends[-1]]
        quotes = np.flatnonzero(text[ends[0] :] == ord('"')).astype(np.int32) + ends[0]
        self._quotes: npt.NDArray[np.int32] = quotes.reshape(len(value), _QUOTES)
        self._data = data
        self._size = len(value)

    def text(self, name: str) -> pa.StringArray:
        """Return the text of a field."""
        return self.span(name, name)

    def span(self, first: str, last: str) -> pa.StringArray:
        """Return what stands from the text of one field to that of another."""
        return self.between(canonical.PLACES[first], canonical.PLACES[last])

    def between(self, first: int, last: int) -> pa.StringArray:
        """Return the text from the part `first` to the part `last`, as `split` counts them."""
        # Every second piece of one long array is wanted, the others lie between two of them.
        bounds = np.empty((self._size, 2), np.int32)
        bounds[:, 0] = self._quotes[:, first - 1] + 1
        bounds[:, 1] = self._quotes[:, last]
        both = pa.StringArray.from_buffers(2 * self._size - 1, pa.py_buffer(bounds), self._data)
        return both.take(pa.array(np.arange(0, 2 * self._size, 2, dtype=np.int32)))


_START = pa.schema(
    [
        ("bar_time", pa.timestamp("us", "UTC")),
        ("bar_text", pa.string()),
        ("session_date", pa.string()),
    ]
)


@lru_cache(maxsize=100_000)
def _start(text: str) -> dict[str, object]:
    """Return when a bar starts, as `_START` says, of `exchange_time","exchange_tz":"zone`."""
    local_text, *_, zone = text.split('"')
    try:
        local = datetime.fromisoformat(local_text).replace(tzinfo=ZoneInfo(zone))
    except (ValueError, ZoneInfoNotFoundError):
        raise DoubtError from None
    start = local.astimezone(UTC)
    exists = start.astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)
    if (
        local.year not in _SURE_YEARS
        or not exists
        or local.utcoffset() != local.replace(fold=1).utcoffset()
    ):
        raise DoubtError
    return {
        "bar_time": start,
        "bar_text": f"{start:%Y-%m-%d %H:%M:%S}",
        "session_date": local_text[:10],
    }


def _flag(pieces: _Pieces, number: int) -> pa.StringArray:
    return pc.if_else(pc.equal(pieces.between(number, number), ":true,"), "true", "false")


def _instants(text: pa.StringArray) -> pa.TimestampArray:
    try:
        return text.cast(pa.timestamp("us", "UTC"))
    except pa.ArrowInvalid:
        raise DoubtError from None


def _require_prices(*texts: pa.StringArray) -> None:
    first, high, low, last = (text.cast(pa.float64()) for text in texts)
    _require(pc.less(high, _SURE_PRICE))
    _require(pc.greater(low, 0))
    _require(pc.greater_equal(high, pc.max_element_wise(first, last, low)))
    _require(pc.less_equal(low, pc.min_element_wise(first, last)))


def _require_range(sent: pa.TimestampArray, *times: pa.TimestampArray) -> None:
    limit = pc.add(sent.cast(pa.int64()), _DAY_US)
    for each in times:
        count = each.cast(pa.int64())
        _require(pc.less_equal(count, limit))
        _require(pc.greater_equal(count, 0))


def _require(kept: pa.BooleanArray) -> None:
    # A null is a doubt as well.
    if kept.true_count != len(kept):
        raise DoubtError
