"""When the bars of a column of times start: cells in, moments in UTC and trade dates out.

Pure. What a text means is asked of the row decoder's own functions, once for each text that is
different: of a date, and of what stands behind it. Where one does not tell a bar's start, the row
is the row decoder's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.common.market.bar import INTERVAL_MINUTES
from services.common.market.exchanges import Exchange
from services.common.market.trade_date import next_session
from services.stream.decoding.arrow_fields import FallbackError
from services.stream.decoding.bar_start import bar_start
from services.stream.files.columnar.numbers import Int64s, Mask, whole_numbers
from services.stream.files.columnar.written_times import (
    DAY_US,
    EPOCH,
    NO_OFFSET,
    NO_TIME,
    Text,
    clock_us,
    date_and_clock,
    date_us,
    each_text,
    microseconds,
    midnight_us,
)
from services.stream.files.columnar.zone_table import SECOND_US, zone_table
from services.stream.files.layout import Layout, TimeForm
from services.stream.files.parquet_cells import strings, texts
from services.stream.files.times import StartReader, TimeError

MINUTE_US = 60 * SECOND_US
_FIRST, _END = (
    (datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // timedelta(microseconds=1) for year in (1971, 2038)
)
_MOST_KEPT = 100_000
_UNITS = {1: (0, 10**11), 10**3: (10**11, 10**14), 10**6: (10**14, 10**17), 10**9: (10**17, 10**18)}
"""The counts since 1970 that are of so many ticks a second."""


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
        return self._instants(np.where(is_sure, counts, 0) * 1000 + midnight_us(day), is_sure)

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
            cells, clock = date_and_clock(cells)
            behind = each_text(clock, self._clocks, clock_us)
        else:
            behind = each_text(clock, self._clocks, lambda text: clock_us(f" {text}"))
        order = self.layout.date_order or "ymd"
        days = each_text(cells, self._dates, lambda text: (date_us(text, order), 0))
        offset = behind[:, 1]
        has_offset = offset != NO_OFFSET
        is_sure = (days[:, 0] != NO_TIME) & (behind[:, 0] != NO_TIME)
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
        return first, until, earliest, (day - EPOCH.date()).days, 1


def _trade_days(moments: Int64s, exchange: Exchange | None) -> Int64s:
    clocks = moments if exchange is None else zone_table(exchange.zone).clocks(moments)
    days: Int64s = clocks // DAY_US
    if exchange is None or exchange.evening is None:
        return days
    evening = exchange.evening.hour * 60 + exchange.evening.minute
    is_late = clocks - days * DAY_US >= evening * MINUTE_US
    if is_late.any():
        late, places = np.unique(days[is_late], return_inverse=True)
        epoch = EPOCH.date()
        following = [next_session(exchange, epoch + timedelta(days=int(day))) for day in late]
        days[is_late] = np.array([(day - epoch).days for day in following])[places]
    return days
