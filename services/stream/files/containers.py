"""A file of any container as rows of cells: CSV, gzip, zip, Parquet, Alpha Vantage's JSON.

Streams, so that a large file needs no more memory than a small one, and bounded: what unpacks to
more than the limits allow is refused. Nothing is unpacked to disk, so that names in an archive are
only names.
"""

from __future__ import annotations

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from enum import Enum, auto
from pathlib import Path, PurePosixPath
from typing import IO, TypeVar

from services.stream.files import parquet_cells
from services.stream.files.layout import FileError
from services.stream.files.text_lines import Limits, Row, TextReader, require_size

_T = TypeVar("_T")
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


DEFAULT_LIMITS = Limits()


def rows(path: Path, limits: Limits = DEFAULT_LIMITS) -> Iterator[Row]:
    """Yield all lines of a file that are not blank, header lines among them. Raises FileError."""
    return read(path, limits, _parquet_rows, TextReader.rows)


def read(
    path: Path,
    limits: Limits,
    of_parquet: Callable[[Path, Limits], Iterator[_T]],
    of_text: Callable[[TextReader, str, IO[bytes]], Iterator[_T]],
) -> Iterator[_T]:
    """Yield what is read of a file: of Parquet, or of each part of it that is text, by its name.

    Raises FileError.
    """
    try:
        yield from _read(path, limits, of_parquet, of_text)
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise FileError(f"{path.name} is damaged or ends early: {error}; fetch it again") from None
    except (OSError, NotImplementedError, RuntimeError) as error:
        raise FileError(f"{path.name} cannot be read: {error}") from None


def _read(
    path: Path,
    limits: Limits,
    of_parquet: Callable[[Path, Limits], Iterator[_T]],
    of_text: Callable[[TextReader, str, IO[bytes]], Iterator[_T]],
) -> Iterator[_T]:
    with path.open("rb") as file:
        begin = file.read(8)
        file.seek(0)
        for magic, what in _FOREIGN.items():
            if begin.startswith(magic):
                raise FileError(f"{path.name} is {what}")
        container = Container.of(begin)
        if container is Container.PARQUET:
            yield from of_parquet(path, limits)
            return
        reader = TextReader(path.name, limits)
        for member, stream in _parts(container, path.name, file, limits):
            yield from of_text(reader, member, stream)


def _parquet_rows(path: Path, limits: Limits) -> Iterator[Row]:
    for number, cells in enumerate(parquet_cells.rows(path, limits.unpacked_bytes)):
        yield Row(path.name, number, cells, ",".join(cells).encode())


def _parts(
    container: Container, name: str, file: IO[bytes], limits: Limits
) -> Iterator[tuple[str, IO[bytes]]]:
    if container is Container.ZIP:
        yield from _zipped(name, file, limits)
    elif container is Container.GZIP:
        with io.BufferedReader(gzip.GzipFile(fileobj=file)) as unpacked:
            yield name.removesuffix(".gz"), unpacked
    else:
        yield name, file


def _zipped(name: str, file: IO[bytes], limits: Limits) -> Iterator[tuple[str, IO[bytes]]]:
    with ExitStack() as stack:
        archive = stack.enter_context(zipfile.ZipFile(file))
        parts = data_parts(archive)
        if not parts:
            raise FileError(f"{name} holds no .csv and no .txt")
        if len(parts) > limits.members:
            raise FileError(f"{name} holds {len(parts)} files; at most {limits.members} are read")
        if any(part.flag_bits & 1 for part in parts):
            raise FileError(f"{name} is locked by a password; unpack it first")
        require_size(name, sum(part.file_size for part in parts), limits)
        for part in parts:
            # It looks for lines in C, which the archive does in Python.
            with io.BufferedReader(archive.open(part)) as unpacked:  # type: ignore[type-var]
                yield PurePosixPath(part.filename.replace("\\", "/")).name, unpacked


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
