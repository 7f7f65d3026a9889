"""Tells by a small file whether what is there is what is wanted. Standard library only."""

from __future__ import annotations

import hashlib
from pathlib import Path


def fingerprint(*parts: bytes) -> str:
    """Return one digest of all the parts."""
    digests = (hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(b"".join(digests)).hexdigest()


def holds(file: Path, text: str) -> bool:
    """Return whether the file is there and says just that."""
    return file.exists() and file.read_text(encoding="utf-8") == text
