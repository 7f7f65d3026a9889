"""The volumes: `origin` keeps every secret, and each service has one with its own few.

Each file is replaced as a whole and can be read by its owner alone, so a service that reads while
this runs, and a run that was killed, meet the old one or the new one.
"""

from __future__ import annotations

import filecmp
import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

_MODE = 0o400


class RefusalError(Exception):
    """What cannot be done, said to the person who can change it."""


@dataclass(frozen=True)
class Store:
    """The folder with the volumes, one folder each."""

    root: Path

    @property
    def origin(self) -> Path:
        """The volume with every secret."""
        return self.root / "origin"

    def file(self, name: str) -> Path:
        """Return where a secret is kept."""
        return self.origin / name

    def has(self, name: str) -> bool:
        """Return whether the secret is there, and not empty."""
        return self.file(name).exists() and self.file(name).stat().st_size > 0

    def text(self, name: str) -> str:
        """Return a secret without its line's end."""
        return self.file(name).read_text(encoding="utf-8").rstrip("\n")

    def put(self, name: str, content: bytes) -> None:
        """Let the secret be this from now on."""
        _replace(self.file(name), content)

    def remove(self, *names: str) -> None:
        """Forget secrets, which may be absent."""
        for name in names:
            self.file(name).unlink(missing_ok=True)

    def give(self, service: str, source: Path, name: str) -> None:
        """Let the service's volume have the file under the name, unless it is there already."""
        target = self.root / service / name
        if not (target.exists() and filecmp.cmp(source, target, shallow=False)):
            _replace(target, source.read_bytes())

    def keep_only(self, service: str, names: Collection[str]) -> None:
        """Remove what else the service's volume holds: what an earlier release gave it, or a draft
        that a killed run left."""
        for file in (self.root / service).iterdir():
            if file.is_file() and file.name not in names:
                file.unlink()


def _replace(target: Path, content: bytes) -> None:
    draft = target.with_name(f".{target.name}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as opened:
        opened.write(content)
    draft.replace(target)
