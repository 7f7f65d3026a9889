"""Rows of a file → bars, each with its place in the file, or with the reason why it is none.

Pure but for reading the file. Every row that is no header, and of no other symbol than the chosen
one, comes out in order and counted from 0: that count is the row's offset, so it must not depend on
anything but the file and its layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol, TypeVar

from services.common.market.bar import SYMBOL_PATTERN, Bar, Ohlcv
from services.common.market.exchanges import zone_of
from services.stream.files import decimals
from services.stream.files.containers import DEFAULT_LIMITS, rows
from services.stream.files.layout import INTERVAL_NAMES, PRICES, RTYPES, FileError, Layout, TimeForm
from services.stream.files.recognise import layout_time
from services.stream.files.symbols import symbol_text
from services.stream.files.text_lines import Limits, Row
from services.stream.files.times import StartReader, TimeError


class _OfAMember(Protocol):
    @property
    def member(self) -> str: ...


_T = TypeVar("_T", bound=_OfAMember)
SOURCE = "file"
FRESHNESS = "historical"
LATEST = timedelta(days=1)
"""No bar begins so long after its file was written."""
SYMBOL = re.compile(SYMBOL_PATTERN)


class RowError(ValueError):
    """A row that is no bar; the message is the code of the rejection."""


@dataclass(frozen=True)
class DecodedRow:
    """A row by its number (from 0), the part of the file and the line there that it stands in, its
    bytes, and the bar in it or the reason why there is none."""

    number: int
    member: str
    line: int
    raw: bytes
    symbol: str | None
    bar: Bar | None
    reason: str | None


@dataclass
class Decoder:
    """Decodes the rows of one file, seen at `observed_at`; so many rows of other symbols than the
    chosen one were `left_out`. The file is of one `instrument`, its part of a `day`, where rows or
    names tell them."""

    path: Path
    layout: Layout
    observed_at: datetime
    limits: Limits = DEFAULT_LIMITS
    left_out: int = field(default=0, init=False)
    _starts: StartReader = field(init=False)
    _seen: str = field(init=False)
    instrument: str | None = field(default=None, init=False)
    day: date | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self._starts = StartReader(self.layout)
        seen = self.observed_at.astimezone(UTC).isoformat(timespec="milliseconds")
        self._seen = seen.replace("+00:00", "Z")

    def rows(self, first: int = 0) -> Iterator[DecodedRow]:
        """Yield the rows below the headers, from the `first` on. Raises FileError where the file is
        broken."""
        self.left_out = 0
        number = 0
        for row in self.below_headers(rows(self.path, self.limits)):
            if self.leaves_out(row):
                continue
            # The first row of all tells which instrument the file is of.
            if number == 0 or number >= first:
                found = self.decoded(number, row)
                if number >= first:
                    yield found
            number += 1

    def decoded(self, number: int, row: Row) -> DecodedRow:
        """Return what is in a row; the first row of a file must come first."""
        symbol, bar, reason = None, None, None
        try:
            symbol = self._symbol(row)
            bar = self._bar(row, symbol)
        except (RowError, TimeError) as error:
            reason = str(error)
        return DecodedRow(number, row.member, row.number, row.raw, symbol, bar, reason)

    def copy(self) -> Decoder:
        """Return another decoder of the same file, with what is known of its part by now."""
        other = Decoder(self.path, self.layout, self.observed_at, self.limits)
        other.instrument, other.day = self.instrument, self.day
        return other

    @property
    def lacks_instrument(self) -> bool:
        """Whether no row has told yet which instrument the file is of, though rows tell it."""
        columns = self.layout.columns
        is_told = self.layout.symbol is not None and "symbol" not in columns
        return is_told and "instrument" in columns and self.instrument is None

    def leaves_out(self, row: Row) -> bool:
        """Return whether a row is of another symbol than the chosen one, and count it."""
        is_of_another = self.layout.chosen is not None and self._is_of_another(row)
        self.left_out += is_of_another
        return is_of_another

    def _is_of_another(self, row: Row) -> bool:
        text = symbol_text(self.layout, row.cells or ())
        return text not in (None, self.layout.chosen) and not self._is_header(row)

    def _is_header(self, row: Row) -> bool:
        return bool(self.layout.header) and tuple(row.cells or ()) == self.layout.header[0]

    def below_headers(self, items: Iterable[_T]) -> Iterator[_T]:
        """Yield what is below the headers of a file's parts, each of which begins with rows.

        Raises FileError where one has another header.
        """
        member, place, header = "", 0, self.layout.header
        for item in items:
            if item.member != member:
                member, place = item.member, 0
                self.day = self._named_day(member)
            if not isinstance(item, Row):
                yield item
                continue
            if place < len(header):
                if tuple(item.cells or ()) != header[place]:
                    raise FileError(
                        f"{self.path.name}: {member} does not begin with "
                        f"{','.join(header[place])[:80]!r} as its first part does"
                    )
                place += 1
                continue
            yield item

    def _named_day(self, member: str) -> date | None:
        if self.layout.time_form is not TimeForm.MIDNIGHT_MS:
            return None
        try:
            return datetime.strptime(member[:8], "%Y%m%d").replace(tzinfo=UTC).date()
        except ValueError:
            raise FileError(f"{self.path.name}: {member} does not begin with a date") from None

    def _symbol(self, row: Row) -> str:
        cells, columns = self._cells(row), self.layout.columns
        if self.layout.symbol is not None:
            if "instrument" in columns and "symbol" not in columns:
                self._require_one_instrument(cells[columns["instrument"]])
            return self.layout.symbol
        text = symbol_text(self.layout, cells) or ""
        # Small letters tell shares apart (ABRpD of ABRPD): none of them is turned into a capital.
        if not SYMBOL.fullmatch(text):
            raise RowError("bad_symbol")
        return text

    def _cells(self, row: Row) -> list[str]:
        if row.cells is None:
            raise RowError("invalid_utf8")
        if self._is_header(row):
            raise RowError("repeated_header")
        if len(row.cells) < self.layout.width:
            raise RowError("truncated_row" if row.is_cut else "missing_field")
        return row.cells

    def _require_one_instrument(self, number: str) -> None:
        self.instrument = self.instrument or number
        if number != self.instrument:
            raise RowError("other_instrument")

    def _bar(self, row: Row, symbol: str) -> Bar:
        cells, layout = row.cells or [], self.layout
        interval = self._interval(cells)
        start = self._starts.read(layout_time(layout, cells), interval, self.day)
        if start.begins > self.observed_at + LATEST:
            raise RowError("time_out_of_range")
        return Bar(
            symbol=symbol,
            interval=interval,
            exchange_time=start.text,
            exchange_tz=zone_of(symbol) if interval == "1d" else "UTC",
            ohlcv=self._ohlcv(cells),
            source=SOURCE,
            freshness=FRESHNESS,
            adjusted=layout.basis != "raw",
            is_final=start.until <= self.observed_at,
            observed_at=self._seen,
            adjusted_as_of=None if layout.as_of is None else layout.as_of.isoformat(),
            adjusted_for=layout.adjusted_for,
        )

    def _interval(self, cells: list[str]) -> str:
        columns, told = self.layout.columns, self.layout.interval
        if "rtype" in columns:
            found = RTYPES.get(cells[columns["rtype"]])
        elif "interval" in columns:
            found = INTERVAL_NAMES.get(cells[columns["interval"]])
        else:
            found = told
        if found is None:
            raise RowError("bad_interval")
        if told not in (None, found):
            raise RowError("other_interval")
        return found

    def _ohlcv(self, cells: list[str]) -> Ohlcv:
        columns, unit, places = self.layout.columns, self.layout.unit, self.layout.decimals
        try:
            first, high, low, last = (
                decimals.price(cells[columns[name]], unit, places) for name in PRICES
            )
        except decimals.NumberFormatError:
            raise RowError("bad_price") from None
        _require_order(*map(Decimal, (first, high, low, last)))
        try:
            volume = (
                decimals.volume(cells[columns["volume"]], places) if "volume" in columns else None
            )
        except decimals.NumberFormatError:
            raise RowError("bad_volume") from None
        return Ohlcv(first, high, low, last, volume)


def _require_order(first: Decimal, high: Decimal, low: Decimal, last: Decimal) -> None:
    if min(first, high, low, last) <= 0:
        raise RowError("nonpositive_price")
    if high < max(first, low, last) or low > min(first, last):
        raise RowError("inconsistent_ohlc")
