"""Takes one file out of a Debian package, on any system: an `ar` archive in, the file out."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from scripts.launcher.errors import SetupError

_MAGIC = b"!<arch>\n"
_HEADER_BYTES = 60
_DATA = "data.tar.xz"


def extract(package: Path, path: str, target: Path) -> None:
    """Write the package's file `path` to `target`, executable. Raises SetupError."""
    with package.open("rb") as archive:
        for name in _members(archive, package):
            if name != _DATA:
                continue
            with tarfile.open(fileobj=archive, mode="r|xz") as data:
                for entry in data:
                    found = data.extractfile(entry)
                    if entry.name.removeprefix("./") == path and found is not None:
                        with target.open("wb") as file:
                            shutil.copyfileobj(found, file)
                        target.chmod(0o755)
                        return
            break
    raise SetupError(f"{package.name} does not hold {path} in {_DATA}")


def _members(archive: IO[bytes], package: Path) -> Iterator[str]:
    """Yield the name of each member, with the archive at the beginning of its content."""
    if archive.read(len(_MAGIC)) != _MAGIC:
        raise SetupError(f"{package.name} is not a Debian package")
    while len(header := archive.read(_HEADER_BYTES)) == _HEADER_BYTES:
        begin, size = archive.tell(), int(header[48:58])
        yield header[:16].decode().strip().rstrip("/")
        archive.seek(begin + size + size % 2)
