"""Lines of a text file as rows of cells. Pure but for reading the stream."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, NamedTuple

from services.stream.files import alpha_vantage_json
from services.stream.files.layout import FileError

GIB = 1024**3
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Limits:
    """What a file may unpack to."""

    unpacked_bytes: int = 64 * GIB
    members: int = 100_000
    line_bytes: int = 64 * 1024


class Row(NamedTuple):
    """One line: of which part of the file (by its name), its number there, cells and bytes.

    Of bytes that are no UTF-8 there are no cells; `is_cut` if the file ends within the line.
    """

    member: str
    number: int
    cells: list[str] | None
    raw: bytes
    is_cut: bool = False


def require_size(name: str, size: int, limits: Limits) -> None:
    """Raise FileError where a file unpacks to more than the limit."""
    if size > limits.unpacked_bytes:
        raise FileError(
            f"{name} unpacks to more than {limits.unpacked_bytes / GIB:g} GiB, which is the limit "
            "of a file; cut it into several"
        )


@dataclass
class TextReader:
    """Reads the text files of one container; together they stay below its limit. `is_json` tells
    of the part that is being read whether it is an answer of Alpha Vantage."""

    name: str
    limits: Limits
    size: int = 0
    is_json: bool = False

    def rows(self, member: str, stream: IO[bytes]) -> Iterator[Row]:
        """Yield the lines of a part that are not blank. Raises FileError."""
        delimiter, self.is_json = None, False
        for number, raw in enumerate(self._lines(stream), start=1):
            line = raw.rstrip(b"\r\n")
            if number == 1:
                line = line.removeprefix(_BOM)
                if line.lstrip().startswith((b"{", b"[")):
                    self.is_json = True
                    yield from self._json(member, raw, stream)
                    return
                if line.lstrip()[:4].lower() in (b"<!do", b"<htm"):
                    raise FileError(f"{member} is a web page, perhaps the vendor's refusal")
            if not line.strip():
                continue
            delimiter = delimiter or delimiter_of(line)
            yield Row(member, number, cells_of(line, delimiter), line, not raw.endswith(b"\n"))

    def checked(self, lines: bytes) -> Iterator[bytes]:
        """Yield whole lines that are the next ones of a part. Raises FileError beyond a limit,
        after what comes before a line that is too long."""
        self.size += len(lines)
        require_size(self.name, self.size, self.limits)
        begin, longest = 0, self.limits.line_bytes
        while len(lines) - begin > longest:
            end = lines.rfind(b"\n", begin, begin + longest) + 1
            if not end:
                if begin:
                    yield lines[:begin]
                raise self.too_long()
            begin = end
        yield lines

    def too_long(self) -> FileError:
        """Return the error of a line that is longer than the limit."""
        return FileError(
            f"{self.name} has a line of more than {self.limits.line_bytes} bytes: no bars"
        )

    def _lines(self, stream: IO[bytes]) -> Iterator[bytes]:
        longest = self.limits.line_bytes
        while raw := stream.readline(longest + 1):
            self.size += len(raw)
            require_size(self.name, self.size, self.limits)
            if len(raw) > longest and not raw.lstrip(_BOM).lstrip().startswith((b"{", b"[")):
                raise self.too_long()
            yield raw

    def _json(self, member: str, first: bytes, stream: IO[bytes]) -> Iterator[Row]:
        body = first + stream.read(alpha_vantage_json.MOST_BYTES)
        for number, cells in enumerate(alpha_vantage_json.rows(member, body)):
            yield Row(member, number, cells, ",".join(cells).encode())


def delimiter_of(line: bytes) -> str:
    """Return what stands between the cells of a line."""
    return max((",", ";", "\t"), key=lambda each: line.count(each.encode()))


def cells_of(line: bytes, delimiter: str) -> list[str] | None:
    """Return the cells of a line, None if it is no UTF-8 or its quotes are broken."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    if '"' in text:
        try:
            return [
                cell.strip() for cell in next(csv.reader(io.StringIO(text), delimiter=delimiter))
            ]
        except csv.Error:
            return None
    cells = text.split(delimiter)
    # Without spaces, also those of other scripts, there is nothing to strip.
    return cells if text.isprintable() and " " not in text else [cell.strip() for cell in cells]
