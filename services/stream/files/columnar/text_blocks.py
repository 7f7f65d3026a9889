"""The lines of a text file in blocks, cut into columns by Arrow's reader of CSV.

In come the parts of a file, out go rows, of which each part begins with some, and blocks of
lines. A line that Arrow might read otherwise than the row decoder does (quotes, other bytes than
ASCII, too few cells) has no cells in a block's columns.
"""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from services.stream.files.text_lines import Row, TextReader, cells_of, delimiter_of

Places = npt.NDArray[np.int64]

BLOCK_BYTES: Final = 1 << 20
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, OSError)
_FEWEST_CELLS = 5


@dataclass(frozen=True)
class TextBlock:
    """Consecutive lines of a part of a file, none of them blank: their bytes, where each begins
    and ends, and its number there."""

    member: str
    data: bytes
    begins: Places
    ends: Places
    numbers: Places
    delimiter: str
    is_cut: bool

    def __len__(self) -> int:
        return len(self.begins)

    def slice(self, begin: int, end: int) -> TextBlock:
        """Return the lines from a place to another."""
        chosen = slice(begin, end)
        return replace(
            self,
            begins=self.begins[chosen],
            ends=self.ends[chosen],
            numbers=self.numbers[chosen],
            is_cut=self.is_cut and end >= len(self),
        )

    def row(self, place: int) -> Row:
        """Return a line as a row."""
        raw = self.data[self.begins[place] : self.ends[place]].rstrip(b"\r\n")
        is_cut = self.is_cut and place == len(self) - 1
        number = int(self.numbers[place])
        return Row(self.member, number, cells_of(raw, self.delimiter), raw, is_cut)

    def columns(self, width: int) -> Mapping[int, pa.Array]:
        """Return the texts of each column, null in lines that are odd; at least `width` columns."""
        counts, is_odd = self._shape()
        usual = int(np.bincount(counts).argmax()) + 1
        is_odd |= counts + 1 != usual
        if usual < max(width, _FEWEST_CELLS) or is_odd.all():
            return {}
        table = _table(self._plain(is_odd), usual, self.delimiter)
        if table is None or len(table) != len(self) - np.count_nonzero(is_odd):
            return {}
        columns = {place: _whole(table.column(place)) for place in range(usual)}
        if not is_odd.any():
            return columns
        rows = np.cumsum(~is_odd) - 1
        chosen = pa.array(rows, mask=is_odd)
        return {place: column.take(chosen) for place, column in columns.items()}

    def _shape(self) -> tuple[Places, npt.NDArray[np.bool_]]:
        """Return how many delimiters each line has, and whether it has a byte that is odd."""
        text = np.frombuffer(self.data, np.uint8)[: self.ends[-1]]
        delimiters = np.flatnonzero(text == ord(self.delimiter))
        counts = np.searchsorted(delimiters, self.ends) - np.searchsorted(delimiters, self.begins)
        is_odd = np.zeros(len(self), bool)
        if self.delimiter == "\t":
            is_odd |= text[self.begins] == ord("\t")
        if not self.data.isascii() or any(byte in self.data for byte in (b'"', b"\r", b"\0")):
            odd = (text >= 128) | (text == ord('"')) | (text == ord("\r")) | (text == 0)
            lines = np.searchsorted(self.begins, np.flatnonzero(odd), "right") - 1
            is_odd[lines[lines >= 0]] = True
        return counts, is_odd

    def _plain(self, is_odd: npt.NDArray[np.bool_]) -> pa.Buffer:
        """Return the lines that are not odd, one after another."""
        if not is_odd.any() and len(self) == self.numbers[-1] - self.numbers[0] + 1:
            return pa.py_buffer(self.data)[int(self.begins[0]) : int(self.ends[-1])]
        is_next = np.append(False, self.begins[1:] == self.ends[:-1])
        is_kept = ~is_odd
        first = np.flatnonzero(is_kept & ~(is_next & np.append(False, is_kept[:-1])))
        last = np.flatnonzero(is_kept & ~np.append((is_next & is_kept)[1:], False))
        spans = zip(self.begins[first], self.ends[last], strict=True)
        return pa.py_buffer(b"".join(self.data[begin:end] for begin, end in spans))


def text_blocks(
    reader: TextReader, member: str, stream: IO[bytes], heads: int
) -> Iterator[Row | TextBlock]:
    """Yield the first rows of a part, so many of them, then its other lines in blocks; Alpha
    Vantage's JSON in rows alone. Raises FileError, after all before it."""
    number, delimiter, begun = 0, ",", b""
    for count, row in enumerate(reader.rows(member, stream), start=1):
        number = row.number
        if count == 1:
            delimiter = delimiter_of(row.raw)
        if not heads and not reader.is_json:
            # The first line is a row like all others, once it is known what they are.
            begun, number = row.raw + (b"" if row.is_cut else b"\n"), number - 1
            reader.size -= len(begun)  # it is counted once more
            break
        yield row
        if count >= heads and not reader.is_json:
            break
    else:
        return
    for data in _whole_lines(reader, stream, begun):
        block = _block(member, data, number, delimiter)
        number += data.count(b"\n")
        if len(block):
            yield block


def _whole_lines(reader: TextReader, stream: IO[bytes], begun: bytes) -> Iterator[bytes]:
    """Yield what was begun and what a stream holds, each time up to the end of a line. Raises
    FileError."""
    rest, damage, is_over = begun, None, False
    while not is_over:
        parts, size = [rest], len(rest)
        try:
            while size < BLOCK_BYTES and not is_over:
                # What was read before damage counts; a whole read would lose it.
                part = stream.read1(BLOCK_BYTES - size)  # type: ignore[attr-defined]
                parts.append(part)
                size += len(part)
                is_over = not part
        except _DAMAGED as error:
            damage, is_over = error, True
        data = b"".join(parts)
        end = len(data) if is_over and damage is None else data.rfind(b"\n") + 1
        rest = data[end:]
        if end:
            yield from reader.checked(data[:end])
        if len(rest) > reader.limits.line_bytes:
            raise reader.too_long()
    if damage is not None:
        raise damage


def _block(member: str, data: bytes, number: int, delimiter: str) -> TextBlock:
    """Return the lines of some data, of which the line `number` came before."""
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero(text == ord("\n")) + 1
    is_cut = not data.endswith(b"\n")
    if is_cut:
        ends = np.append(ends, len(data))
    begins = np.append(0, ends[:-1])
    numbers = number + 1 + np.arange(len(begins))
    spaced = np.flatnonzero(text[begins] <= ord(" "))
    blank = [place for place in spaced if not data[begins[place] : ends[place]].strip()]
    if blank:
        is_cut = is_cut and blank[-1] != len(begins) - 1
        begins, ends, numbers = (np.delete(each, blank) for each in (begins, ends, numbers))
    return TextBlock(member, data, begins, ends, numbers, delimiter, is_cut)


def _table(lines: pa.Buffer, width: int, delimiter: str) -> pa.Table | None:
    names = [str(place) for place in range(width)]
    try:
        return csv.read_csv(
            pa.BufferReader(lines),
            csv.ReadOptions(use_threads=False, block_size=len(lines) + 1, column_names=names),
            csv.ParseOptions(delimiter=delimiter, quote_char=False, ignore_empty_lines=False),
            csv.ConvertOptions(
                check_utf8=False,
                column_types=dict.fromkeys(names, pa.string()),
                strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
