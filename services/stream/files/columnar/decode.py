"""Rows of a file → bars in whole columns, and beside them the rows that the row decoder read.

Pure but for reading the file. Rows are counted as the row decoder counts them; of each that is
taken here the row decoder would have said the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.common.market.exchanges import Exchange
from services.stream.decoding.copy_binary import Numbers
from services.stream.files.columnar import cells
from services.stream.files.columnar.cells import Columns
from services.stream.files.columnar.numbers import Int64s, Mask
from services.stream.files.columnar.parquet_blocks import ParquetBlock, parquet_blocks
from services.stream.files.columnar.starts import StartColumns
from services.stream.files.columnar.text_blocks import TextBlock, text_blocks
from services.stream.files.columnar.written_times import microseconds
from services.stream.files.containers import DEFAULT_LIMITS, read
from services.stream.files.decode import LATEST, DecodedRow, Decoder
from services.stream.files.layout import PRICES, FileError, Layout
from services.stream.files.text_lines import Limits, Row, TextReader

SYMBOL_TEXT = r"\A[!-~]+\z"
"""What needs no look whether spaces around it, or other letters, make it another text."""
Block = TextBlock | ParquetBlock


@dataclass(frozen=True)
class Bars:
    """Good rows of one interval, on one exchange's clock, all of them with a volume or none: their
    `places` in their piece and `numbers` in the file; when each begins (microseconds since 1970
    in UTC), and its trade date (days since 1970)."""

    places: Int64s
    numbers: Int64s
    symbols: pa.DictionaryArray
    interval: str
    exchange: Exchange | None
    begins: Int64s
    days: Int64s
    is_final: Mask
    prices: Numbers
    volume: Numbers | None


@dataclass(frozen=True)
class Piece:
    """Consecutive rows of a file, by their `numbers` there: good ones as `bars`, the others as
    `rows`."""

    numbers: Int64s
    bars: tuple[Bars, ...]
    rows: tuple[DecodedRow, ...]
    origin: tuple[Decoder, Block, Int64s] | None = None

    def row(self, place: int) -> DecodedRow:
        """Return one of the rows, as the row decoder reads it."""
        if self.origin is None:
            return self.rows[place]
        decoder, block, places = self.origin
        return decoder.decoded(int(self.numbers[place]), block.row(int(places[place])))

    def again(self) -> Iterator[DecodedRow]:
        """Yield all rows, each as the row decoder reads it."""
        return map(self.row, range(len(self.numbers)))


@dataclass
class ColumnDecoder:
    """Decodes the rows of one file, seen at `observed_at`."""

    path: Path
    layout: Layout
    observed_at: datetime
    limits: Limits = DEFAULT_LIMITS
    _rows: Decoder = field(init=False)
    _starts: StartColumns = field(init=False)

    def __post_init__(self) -> None:
        self._rows = Decoder(self.path, self.layout, self.observed_at, self.limits)
        self._starts = StartColumns(self.layout)

    def parts(self, most_rows: int, first: int = 0) -> Iterator[list[Piece]]:
        """Yield the rows below the headers, from the `first` on, so many at a time. Raises
        FileError where the file is broken, after all before it."""
        part, room = list[Piece](), most_rows
        try:
            for piece in self._pieces(most_rows, first):
                part.append(piece)
                room -= len(piece.numbers)
                if room == 0:
                    yield part
                    part, room = [], most_rows
        except FileError:
            if part:
                yield part
            raise
        if part:
            yield part

    def _pieces(self, most_rows: int, first: int) -> Iterator[Piece]:
        """Yield pieces of which some fill a part exactly."""
        number, room = 0, most_rows
        for item in self._rows.below_headers(self._items()):
            if isinstance(item, Row):
                if not self._rows.leaves_out(item):
                    # The first row of all tells which instrument the file is of.
                    found = self._rows.decoded(number, item)
                    if number >= first:
                        yield Piece(np.array([number]), (), (found,))
                        room = room - 1 or most_rows
                    number += 1
                continue
            begin = 0
            while begin < len(item):
                # All of what is not due yet, then no more than there is room for.
                size = first - number if number < first else room
                block = item.slice(begin, begin + size)
                begin += len(block)
                piece, count = self._piece(block, number, first)
                number += count
                if piece is not None:
                    yield piece
                    room = room - len(piece.numbers) or most_rows

    def _items(self) -> Iterator[Row | Block]:
        heads = len(self.layout.header)
        of_parquet: Callable[[Path, Limits], Iterator[Row | Block]] = parquet_blocks
        of_text: Callable[[TextReader, str, IO[bytes]], Iterator[Row | Block]] = partial(
            text_blocks, heads=heads
        )
        return read(self.path, self.limits, of_parquet, of_text)

    def _piece(self, block: Block, number: int, first: int) -> tuple[Piece | None, int]:
        """Return what is due of a block, whose first row has a number, and how many rows of it
        count."""
        is_due = number >= first
        if self.layout.chosen is None and not is_due and number > 0:
            return None, len(block)
        columns = block.columns(self.layout.width)
        places = self._meant(block, columns)
        numbers = number + np.arange(len(places))
        if number == 0 and len(places) and not is_due:
            self._rows.decoded(0, block.row(int(places[0])))
        if not is_due or not len(places):
            return None, len(places)
        for place in places:
            if not self._rows.lacks_instrument:
                break
            self._rows.decoded(number, block.row(int(place)))
        bars = self._bars(columns, places, numbers) if columns else []
        is_odd = np.ones(len(places), bool)
        for each in bars:
            is_odd[each.places] = False
        rows = tuple(
            self._rows.decoded(int(numbers[place]), block.row(int(places[place])))
            for place in np.flatnonzero(is_odd)
        )
        return Piece(numbers, tuple(bars), rows, (self._rows.copy(), block, places)), len(places)

    def _meant(self, block: Block, columns: Columns) -> Int64s:
        """Return the places of the rows that are not left out."""
        chosen = self.layout.chosen
        if chosen is None:
            return np.arange(len(block))
        is_meant = np.zeros(len(block), bool)
        is_told = np.zeros(len(block), bool)
        if columns:
            texts = cells.symbol_texts(self.layout, columns)
            is_meant = pc.fill_null(pc.equal(texts, chosen), False).to_numpy(zero_copy_only=False)
            usual = pc.match_substring_regex(texts, SYMBOL_TEXT).fill_null(False)
            is_told = usual.to_numpy(zero_copy_only=False)
            header = {name.strip() for name in next(iter(self.layout.header), ())}
            is_told = is_told & ~pc.is_in(texts, pa.array(sorted(header), pa.string())).to_numpy(
                zero_copy_only=False
            )
            self._rows.left_out += int(np.count_nonzero(is_told & ~is_meant))
        is_meant = is_meant & is_told
        for place in np.flatnonzero(~is_told):
            is_meant[place] = not self._rows.leaves_out(block.row(int(place)))
        return np.flatnonzero(is_meant)

    def _bars(self, columns: Columns, places: Int64s, numbers: Int64s) -> list[Bars]:
        layout = self.layout
        if len(places) < len(next(iter(columns.values()))):
            columns = {
                place: columns[place].take(pa.array(places)) for place in layout.columns.values()
            }
        symbols, is_sure = cells.symbols(layout, columns, self._rows.instrument)
        prices, in_order = cells.prices(layout, columns)
        volume, has_volume, is_told = cells.volumes(layout, columns, len(places))
        is_sure = is_sure & in_order & is_told
        found = list[Bars]()
        for interval, exchange, chosen in cells.kinds(layout, columns, symbols, is_sure):
            of_kind = columns
            if len(chosen) < len(places):
                of_kind = {
                    place: columns[place].take(pa.array(chosen))
                    for place in layout.columns.values()
                }
            starts = self._starts.read(of_kind, interval, exchange, self._rows.day)
            limit = microseconds(self.observed_at + LATEST)
            good = starts.is_sure & (np.maximum(starts.begins, starts.earliest) <= limit)
            is_final = starts.until <= microseconds(self.observed_at)
            for with_volume in (True, False):
                picked = np.flatnonzero(good & (has_volume[chosen] == with_volume))
                if len(picked):
                    rows = chosen[picked]
                    symbol = symbols.take(pa.array(rows))
                    found.append(
                        Bars(
                            *(rows, numbers[rows], symbol, interval, exchange),
                            *(starts.begins[picked], starts.days[picked], is_final[picked]),
                            prices.numbers(rows, len(PRICES)),
                            volume.numbers(rows) if with_volume else None,
                        )
                    )
        return found
