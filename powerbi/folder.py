"""Files in, a folder on the disk out: whole, nothing foreign touched, nobody's edits lost.

A list of what was written, with digests, tells a kit from any other folder, and an edited file
from one that a new build may replace.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

LIST: Final = ".tapeline-kit.json"


class FolderError(Exception):
    """The folder must not be written to; one line says why and what to do."""


def write(folder: Path, files: Mapping[str, str], overwrite: bool = False) -> None:
    """Make the folder hold these files (UTF-8, LF). Raises FolderError or OSError.

    What an earlier build wrote and this one does not is removed. Files that were edited since are
    replaced only with `overwrite`; what Power BI itself put beside them stays.
    """
    if folder.exists() and not folder.is_dir():
        raise FolderError(f"{folder} is not a folder")
    written = _written_before(folder)
    edited = sorted(path for path, digest in written.items() if _is_edited(folder / path, digest))
    if edited and not overwrite:
        raise FolderError(
            f"{folder}/{edited[0]} was edited since it was written ({len(edited)} such files); "
            "build into another folder, or say --overwrite to lose the edits"
        )
    for path in sorted({*written} - {*files}):
        (folder / path).unlink(missing_ok=True)
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
    digests = {path: _digest(text.encode()) for path, text in files.items()}
    (folder / LIST).write_text(json.dumps(digests, indent=1, sort_keys=True) + "\n", "utf-8")


def _written_before(folder: Path) -> dict[str, str]:
    """Return path → digest of what an earlier build wrote; raises FolderError if it is foreign."""
    if not folder.exists() or not any(folder.iterdir()):
        return {}
    try:
        listed = json.loads((folder / LIST).read_text("utf-8"))
    except FileNotFoundError:
        raise FolderError(
            f"{folder} is not empty, and not a kit; name a new or an empty folder"
        ) from None
    except ValueError:
        raise FolderError(f"{folder / LIST} is damaged; name a new or an empty folder") from None
    if not isinstance(listed, dict) or not all(map(_is_inside, listed)):
        raise FolderError(f"{folder / LIST} is damaged; name a new or an empty folder")
    return {path: str(digest) for path, digest in listed.items()}


def _is_inside(path: str) -> bool:
    parts = Path(path).parts
    return bool(parts) and not Path(path).is_absolute() and ".." not in parts


def _is_edited(file: Path, digest: str) -> bool:
    """Line ends do not count: git and Desktop change them."""
    if not file.is_file():
        return False
    return _digest(file.read_bytes().replace(b"\r\n", b"\n")) != digest


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
