"""A file on this machine that a command was told to bring to a target."""

from __future__ import annotations

from pathlib import Path

from scripts.operations.errors import OperationError


def read(file: str) -> bytes:
    """Return what is in the file of --file, never nothing. Raises OperationError."""
    try:
        data = Path(file).read_bytes()
    except OSError as error:
        raise OperationError(f"--file {file!r} cannot be read: {error.strerror}") from None
    if not data.strip():
        raise OperationError(f"--file {file!r} is empty")
    return data
