"""Written dates and times of day → microseconds, once for each text that is different. Pure.

What a text means is asked of the row decoder's own functions.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa

from services.stream.files.columnar.numbers import Int64s
from services.stream.files.columnar.zone_table import SECOND_US
from services.stream.files.times import TimeError, written_clock, written_date

DAY_US = 86_400 * SECOND_US
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_TIME = np.iinfo(np.int64).min
NO_OFFSET = NO_TIME
_DATE_CHARS = range(8, 11)

Text = str | bytes


def date_and_clock(cells: pa.StringArray) -> tuple[pa.Array, pa.Array]:
    """Return the dates of written times, and what stands behind each, where the first one ends."""
    first = next((text.as_py() for text in cells if text.is_valid), "")
    ends = [place for place in (first.find(" "), first.find("T")) if place > 0]
    width = min(ends, default=_DATE_CHARS.stop)
    _, places, data = cells.buffers()
    cuts = np.frombuffer(places, np.int32)[cells.offset : cells.offset + len(cells) + 1]
    # Every second piece is a date: Arrow's own slices fail on texts that end before a slice begins.
    bounds = np.empty(2 * len(cells) + 1, np.int32)
    bounds[::2] = cuts
    bounds[1::2] = np.minimum(cuts[:-1] + width, cuts[1:])
    both = pa.BinaryArray.from_buffers(
        pa.binary(), 2 * len(cells), [None, pa.py_buffer(bounds), data]
    )
    even = np.arange(0, 2 * len(cells), 2)
    return both.take(pa.array(even)), both.take(pa.array(even + 1))


def each_text(
    cells: pa.Array, known: dict[Text, tuple[int, int]], work: Callable[[str], tuple[int, int]]
) -> Int64s:
    """Return two numbers for each cell, worked out once for each text that is different: NO_TIME
    and NO_OFFSET where `work` raises TimeError."""
    coded = cells.dictionary_encode()
    found = []
    for text in coded.dictionary.to_pylist():
        if text not in known:
            try:
                known[text] = work(text if isinstance(text, str) else text.decode())
            except (TimeError, UnicodeDecodeError):
                known[text] = (NO_TIME, NO_OFFSET)
        found.append(known[text])
    table = np.array([*found, (NO_TIME, NO_OFFSET)], np.int64)
    return np.asarray(table[coded.indices.fill_null(len(found)).to_numpy()])


def clock_us(text: str) -> tuple[int, int]:
    """Return a time of day, which a blank or a T precedes, in microseconds since midnight, and its
    offset from UTC (NO_OFFSET where none is written). Raises TimeError."""
    if not text.startswith((" ", "T")):
        raise TimeError("bad_exchange_time")
    clock, offset = written_clock(text)
    seconds = clock.hour * 3600 + clock.minute * 60 + clock.second
    return seconds * SECOND_US, NO_OFFSET if offset is None else _away(offset)


def _away(offset: timezone) -> int:
    return offset.utcoffset(None) // timedelta(microseconds=1)


def date_us(text: str, order: str) -> int:
    """Return a written date as microseconds since 1970. Raises TimeError."""
    if len(text) not in _DATE_CHARS:
        raise TimeError("bad_exchange_time")
    return midnight_us(written_date(text, order))


def midnight_us(day: date | None) -> int:
    """Return where a day begins by its own clock, as microseconds since 1970."""
    return 0 if day is None else (day - EPOCH.date()).days * DAY_US


def microseconds(moment: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)
