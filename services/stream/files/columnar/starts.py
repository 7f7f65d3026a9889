"""When the bars of a column of times start: cells in, moments in UTC and trade dates out.

Pure. What a text means is asked of the row decoder's own functions, once for each text that is
different: of a date, and of what stands behind it. Where one does not tell a bar's start, the row
is the row decoder's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.common.market.bar import INTERVAL_MINUTES
from services.common.market.exchanges import Exchange
from services.common.market.trade_date import next_session
from services.stream.decoding.arrow_decode import bar_start
from services.stream.decoding.arrow_fields import FallbackError
from services.stream.files.columnar.numbers import Int64s, Mask, whole_numbers
from services.stream.files.columnar.zone_table import SECOND_US, zone_table
from services.stream.files.layout import Layout, TimeForm
from services.stream.files.parquet_cells import strings, texts
from services.stream.files.times import StartReader, TimeError, written_clock, written_date

MINUTE_US = 60 * SECOND_US
DAY_US = 1440 * MINUTE_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST, _END = (
    (datetime(year, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
    for year in (1971, 2038)
)
_MOST_KEPT = 100_000
_DATE_CHARS = range(8, 11)
_UNITS = {1: (0, 10**11), 10**3: (10**11, 10**14), 10**6: (10**14, 10**17), 10**9: (10**17, 10**18)}
"""The counts since 1970 that are of so many ticks a second."""

Text = str | bytes


@dataclass(frozen=True)
class Starts:
    """When bars start and end (microseconds since 1970 in UTC), the first moment at which each can
    have begun anywhere, its trade date (days since 1970), and which of them are certain."""

    begins: Int64s
    until: Int64s
    earliest: Int64s
    days: Int64s
    is_sure: Mask


@dataclass
class StartColumns:
    """Reads the times of one file."""

    layout: Layout
    _reader: StartReader = field(init=False)
    _dates: dict[Text, tuple[int, int]] = field(default_factory=dict, init=False)
    _clocks: dict[Text, tuple[int, int]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._reader = StartReader(self.layout)

    def read(
        self,
        columns: Mapping[int, pa.Array],
        interval: str,
        exchange: Exchange | None,
        named_day: date | None,
    ) -> Starts:
        """Return when bars of one interval, traded on one exchange, start."""
        for known in (self._dates, self._clocks):
            if len(known) > _MOST_KEPT:
                known.clear()
        if interval == "1d":
            return self._days(columns, exchange, named_day)
        moments, is_sure = self._moments(columns, named_day)
        width = INTERVAL_MINUTES[interval]
        if self.layout.label == "end":
            moments = moments - width * MINUTE_US
        is_sure &= (moments % (min(15, width) * MINUTE_US) == 0) & (moments >= _FIRST)
        is_sure &= moments < _END
        moments = np.where(is_sure, moments, _FIRST)
        until = moments + width * MINUTE_US
        return Starts(moments, until, moments, _trade_days(moments, exchange), is_sure)

    def _moments(
        self, columns: Mapping[int, pa.Array], named_day: date | None
    ) -> tuple[Int64s, Mask]:
        places = self.layout.columns
        cells = columns[places["time"] if "time" in places else places["date"]]
        if self.layout.time_form is TimeForm.EPOCH:
            return self._counted(cells)
        if self.layout.time_form is TimeForm.MIDNIGHT_MS:
            return self._since_midnight(cells, named_day)
        if pa.types.is_timestamp(cells.type) and "clock" not in places:
            return self._stamped(cells)
        clock = columns[places["clock"]] if "clock" in places else None
        return self._written(strings(cells), None if clock is None else strings(clock))

    def _counted(self, cells: pa.Array) -> tuple[Int64s, Mask]:
        counts, is_sure = whole_numbers(cells)
        ticks = self.layout.ticks_per_second
        least, limit = _UNITS[ticks]
        is_sure &= (counts >= least) & (counts < limit)
        if ticks < SECOND_US:
            return np.where(is_sure, counts, 0) * (SECOND_US // ticks), is_sure
        step = ticks // SECOND_US
        is_sure &= counts % step == 0
        return counts // step, is_sure

    def _since_midnight(self, cells: pa.Array, day: date | None) -> tuple[Int64s, Mask]:
        counts, is_sure = whole_numbers(cells)
        is_sure &= (counts < DAY_US // 1000) & (day is not None)
        return self._instants(np.where(is_sure, counts, 0) * 1000 + _midnight(day), is_sure)

    def _stamped(self, cells: pa.TimestampArray) -> tuple[Int64s, Mask]:
        is_sure = cells.is_valid().to_numpy(zero_copy_only=False).copy()
        zone = cells.type.tz
        moments = cells.cast(pa.timestamp("us", zone), safe=False).cast(pa.int64()).fill_null(0)
        if zone is not None:
            return moments.to_numpy(), is_sure
        return self._instants(moments.to_numpy(), is_sure & (not self.layout.has_offset))

    def _instants(self, clocks: Int64s, is_sure: Mask) -> tuple[Int64s, Mask]:
        moments, is_one = zone_table(self.layout.zone or "UTC").instants(clocks)
        return moments, is_sure & is_one

    def _written(self, cells: pa.StringArray, clock: pa.StringArray | None) -> tuple[Int64s, Mask]:
        if clock is None:
            cells, clock = _cut(cells)
            behind = _each(clock, self._clocks, _clock)
        else:
            behind = _each(clock, self._clocks, lambda text: _clock(f" {text}"))
        order = self.layout.date_order or "ymd"
        days = _each(cells, self._dates, lambda text: (_written_midnight(text, order), 0))
        offset = behind[:, 1]
        has_offset = offset != _NO_OFFSET
        is_sure = (days[:, 0] != _NONE) & (behind[:, 0] != _NONE)
        clocks = np.where(is_sure, days[:, 0] + behind[:, 0], 0)
        if has_offset.all():
            return clocks - offset, is_sure
        is_sure &= has_offset | (not self.layout.has_offset)
        moments, is_sure_there = self._instants(clocks, is_sure)
        return np.where(has_offset, clocks - offset, moments), np.where(
            has_offset, is_sure, is_sure_there
        )

    def _days(
        self, columns: Mapping[int, pa.Array], exchange: Exchange | None, named_day: date | None
    ) -> Starts:
        coded = self._day_cells(columns).dictionary_encode()
        found = [self._day(text, exchange, named_day) for text in texts(coded.dictionary)]
        nothing = (_FIRST, _FIRST, _FIRST, 0, 0)
        table = np.array([*found, nothing], np.int64)
        rows = table[coded.indices.fill_null(len(found)).to_numpy()]
        begins, until, earliest, days, is_sure = rows.T
        return Starts(begins, until, earliest, days, is_sure == 1)

    def _day_cells(self, columns: Mapping[int, pa.Array]) -> pa.Array:
        places = self.layout.columns
        if "time" in places:
            return columns[places["time"]]
        if "clock" in places:
            both = (strings(columns[places[name]]) for name in ("date", "clock"))
            return pc.binary_join_element_wise(*both, " ")
        return columns[places["date"]]

    def _day(
        self, text: str, exchange: Exchange | None, named_day: date | None
    ) -> tuple[int, int, int, int, int]:
        try:
            start = self._reader.read(text, "1d", named_day)
            begins, day = bar_start("1d", start.text, "UTC", exchange)
        except (TimeError, FallbackError):
            return _FIRST, _FIRST, _FIRST, 0, 0
        moments = (microseconds(each) for each in (begins, start.until, start.begins))
        first, until, earliest = moments
        return first, until, earliest, (day - _EPOCH.date()).days, 1


_NONE = np.iinfo(np.int64).min
_NO_OFFSET = _NONE


def _cut(cells: pa.StringArray) -> tuple[pa.Array, pa.Array]:
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


def _each(
    cells: pa.Array, known: dict[Text, tuple[int, int]], work: Callable[[str], tuple[int, int]]
) -> Int64s:
    """Return two numbers for each cell, worked out once for each text that is different."""
    coded = cells.dictionary_encode()
    found = []
    for text in coded.dictionary.to_pylist():
        if text not in known:
            try:
                known[text] = work(text if isinstance(text, str) else text.decode())
            except (TimeError, UnicodeDecodeError):
                known[text] = (_NONE, _NO_OFFSET)
        found.append(known[text])
    table = np.array([*found, (_NONE, _NO_OFFSET)], np.int64)
    return np.asarray(table[coded.indices.fill_null(len(found)).to_numpy()])


def _clock(text: str) -> tuple[int, int]:
    if not text.startswith((" ", "T")):
        raise TimeError("bad_exchange_time")
    clock, offset = written_clock(text)
    seconds = clock.hour * 3600 + clock.minute * 60 + clock.second
    return seconds * SECOND_US, _NO_OFFSET if offset is None else _away(offset)


def _away(offset: timezone) -> int:
    return offset.utcoffset(None) // timedelta(microseconds=1)


def _written_midnight(text: str, order: str) -> int:
    if len(text) not in _DATE_CHARS:
        raise TimeError("bad_exchange_time")
    return _midnight(written_date(text, order))


def _midnight(day: date | None) -> int:
    return 0 if day is None else (day - _EPOCH.date()).days * DAY_US


def microseconds(moment: datetime) -> int:
    """Return an instant as microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _trade_days(moments: Int64s, exchange: Exchange | None) -> Int64s:
    clocks = moments if exchange is None else zone_table(exchange.zone).clocks(moments)
    days: Int64s = clocks // DAY_US
    if exchange is None or exchange.evening is None:
        return days
    evening = exchange.evening.hour * 60 + exchange.evening.minute
    is_late = clocks - days * DAY_US >= evening * MINUTE_US
    if is_late.any():
        late, places = np.unique(days[is_late], return_inverse=True)
        epoch = _EPOCH.date()
        following = [next_session(exchange, epoch + timedelta(days=int(day))) for day in late]
        days[is_late] = np.array([(day - epoch).days for day in following])[places]
    return days
