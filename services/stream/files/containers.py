"""A file of any container as rows of cells: CSV, gzip, zip, Parquet, Alpha Vantage's JSON.

Streams, so that a large file needs no more memory than a small one, and bounded: what unpacks to
more than the limits allow is refused. Nothing is unpacked to disk, so that names in an archive are
only names.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from services.stream.files import alpha_vantage_json, parquet_cells
from services.stream.files.layout import FileError

_GIB = 1024**3
_BOM = b"\xef\xbb\xbf"
_FOREIGN = {
    b"\xff\xfe": "UTF-16 text; save it as UTF-8",
    b"\xfe\xff": "UTF-16 text; save it as UTF-8",
    b"BZh91AY&": "packed by bzip2; unpack it first",
    b"\xfd7zXZ": "packed by xz; unpack it first",
    b"\x28\xb5\x2f\xfd": "packed by zstd (Databento: choose CSV without compression); unpack it",
    b"7z\xbc\xaf": "a 7z archive; unpack it first",
    **dict.fromkeys(
        (b"DBN\x01", b"DBN\x02", b"DBN\x03"),
        "Databento's binary form; write it as CSV or Parquet (`to_csv`, `to_parquet`)",
    ),
    b"\xd0\xcf\x11\xe0": "an old Excel file; save it as CSV",
    b"%PDF-": "a PDF",
    b"<!DO": "a web page, perhaps the vendor's refusal, and no bars",
    b"<htm": "a web page, perhaps the vendor's refusal, and no bars",
}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_PARQUET = re.compile(rb"PAR1[^\t\r\n -~]")
"""A ticker may be PAR1, or PK: what follows is no text."""
_SUFFIXES = (".csv", ".txt", "")
"""What bars in an archive may be called; those of the first of these that there are."""


class Container(Enum):
    """What a file is, by what it begins with."""

    TEXT = auto()
    GZIP = auto()
    ZIP = auto()
    PARQUET = auto()

    @classmethod
    def of(cls, begin: bytes) -> Container:
        """Return what a file is that begins with these eight bytes."""
        if begin.startswith(b"\x1f\x8b"):
            return cls.GZIP
        if begin.startswith(_ZIP):
            return cls.ZIP
        return cls.PARQUET if _PARQUET.match(begin) else cls.TEXT


@dataclass(frozen=True)
class Limits:
    """What a file may unpack to."""

    unpacked_bytes: int = 64 * _GIB
    members: int = 100_000
    line_bytes: int = 64 * 1024


DEFAULT_LIMITS = Limits()


class Row(NamedTuple):
    """One line: of which part of the file (by its name), its number there, cells and bytes.

    Of bytes that are no UTF-8 there are no cells; `is_cut` if the file ends within the line.
    """

    member: str
    number: int
    cells: list[str] | None
    raw: bytes
    is_cut: bool = False


def rows(path: Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[Row]:
    """Yield all lines of a file that are not blank, header lines among them. Raises FileError."""
    try:
        yield from _rows(path, limits)
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise FileError(f"{path.name} is damaged or ends early: {error}; fetch it again") from None
    except (OSError, NotImplementedError, RuntimeError) as error:
        raise FileError(f"{path.name} cannot be read: {error}") from None


def _rows(path: Path, limits: Limits) -> Iterator[Row]:
    with path.open("rb") as file:
        begin = file.read(8)
        file.seek(0)
        for magic, what in _FOREIGN.items():
            if begin.startswith(magic):
                raise FileError(f"{path.name} is {what}")
        container = Container.of(begin)
        if container is Container.PARQUET:
            named = enumerate(parquet_cells.rows(path, limits.unpacked_bytes))
            for number, cells in named:
                yield Row(path.name, number, cells, ",".join(cells).encode())
        elif container is Container.ZIP:
            yield from _zipped(path.name, file, limits)
        elif container is Container.GZIP:
            with io.BufferedReader(gzip.GzipFile(fileobj=file)) as unpacked:
                yield from _Text(path.name, limits).rows(path.name.removesuffix(".gz"), unpacked)
        else:
            yield from _Text(path.name, limits).rows(path.name, file)


def _zipped(name: str, file: IO[bytes], limits: Limits) -> Iterator[Row]:
    with ExitStack() as stack:
        archive = stack.enter_context(zipfile.ZipFile(file))
        parts = data_parts(archive)
        if not parts:
            raise FileError(f"{name} holds no .csv and no .txt")
        if len(parts) > limits.members:
            raise FileError(f"{name} holds {len(parts)} files; at most {limits.members} are read")
        if any(part.flag_bits & 1 for part in parts):
            raise FileError(f"{name} is locked by a password; unpack it first")
        _require_size(name, sum(part.file_size for part in parts), limits)
        text = _Text(name, limits)
        for part in parts:
            with closing(archive.open(part)) as unpacked:
                yield from text.rows(PurePosixPath(part.filename.replace("\\", "/")).name, unpacked)


def data_parts(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the parts of an archive that hold its bars; text beside CSV is a note of the vendor's,
    such as HistData's list of gaps."""
    found: dict[str, list[zipfile.ZipInfo]] = {suffix: [] for suffix in _SUFFIXES}
    for part in archive.infolist():
        # A name may climb out of its folder or start at the root: only its last part counts.
        path = PurePosixPath(part.filename.replace("\\", "/"))
        is_hidden = path.name.startswith(".") or "__MACOSX" in path.parts
        if not (part.is_dir() or is_hidden):
            found.get(path.suffix.lower(), []).append(part)
    return next((parts for parts in found.values() if parts), [])


def _require_size(name: str, size: int, limits: Limits) -> None:
    if size > limits.unpacked_bytes:
        raise FileError(
            f"{name} unpacks to more than {limits.unpacked_bytes / _GIB:g} GiB, which is the limit "
            "of a file; cut it into several"
        )


@dataclass
class _Text:
    """Reads the text files of one container; together they stay below its limit."""

    name: str
    limits: Limits
    size: int = 0

    def rows(self, member: str, stream: IO[bytes]) -> Iterator[Row]:
        delimiter = None
        for number, raw in enumerate(self._lines(stream), start=1):
            line = raw.rstrip(b"\r\n")
            if number == 1:
                line = line.removeprefix(_BOM)
                if line.lstrip().startswith((b"{", b"[")):
                    yield from self._json(member, raw, stream)
                    return
                if line.lstrip()[:4].lower() in (b"<!do", b"<htm"):
                    raise FileError(f"{member} is a web page, perhaps the vendor's refusal")
            if not line.strip():
                continue
            delimiter = delimiter or _delimiter(line)
            yield Row(member, number, _cells(line, delimiter), line, not raw.endswith(b"\n"))

    def _lines(self, stream: IO[bytes]) -> Iterator[bytes]:
        longest = self.limits.line_bytes
        while raw := stream.readline(longest + 1):
            self.size += len(raw)
            _require_size(self.name, self.size, self.limits)
            if len(raw) > longest and not raw.lstrip(_BOM).lstrip().startswith((b"{", b"[")):
                raise FileError(f"{self.name} has a line of more than {longest} bytes: no bars")
            yield raw

    def _json(self, member: str, first: bytes, stream: IO[bytes]) -> Iterator[Row]:
        body = first + stream.read(alpha_vantage_json.MOST_BYTES)
        for number, cells in enumerate(alpha_vantage_json.rows(member, body)):
            yield Row(member, number, cells, ",".join(cells).encode())


def _delimiter(line: bytes) -> str:
    return max((",", ";", "\t"), key=lambda each: line.count(each.encode()))


def _cells(line: bytes, delimiter: str) -> list[str] | None:
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
    return [cell.strip() for cell in text.split(delimiter)]
