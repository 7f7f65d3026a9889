"""Brings the pinned jars here: lock file in, one directory a group (for a `dir/*` classpath) out.

Each jar is fetched once into the user's cache and linked from there. Standard library only.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.installation.download import Artifact, fetch_all, is_intact

MAVEN_CENTRAL = "https://repo1.maven.org/maven2"


@dataclass(frozen=True)
class Jar:
    """A jar as the lock names it; `path` is its place in a Maven repository."""

    path: str
    sha512: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        """Return the jar's own file name."""
        return self.path.rpartition("/")[2]


def read_lock(lock: Path) -> dict[str, tuple[Jar, ...]]:
    """Return the jars of each group."""
    groups = json.loads(lock.read_text(encoding="utf-8"))["groups"]
    return {
        name: tuple(Jar(jar["path"], jar["sha512"], jar["bytes"]) for jar in group["jars"])
        for name, group in groups.items()
    }


def repository_url(variables: Mapping[str, str]) -> str:
    """Return the Maven repository to fetch from; MAVEN_REPOSITORY_URL names a mirror."""
    return (variables.get("MAVEN_REPOSITORY_URL") or MAVEN_CENTRAL).rstrip("/")


def artifacts(jars: tuple[Jar, ...], repository: str, cache: Path) -> list[Artifact]:
    """Return where each jar comes from and where in the cache it belongs."""
    return [
        Artifact(f"{repository}/{jar.path}", cache / jar.path, "sha512", jar.sha512, jar.size_bytes)
        for jar in jars
    ]


def install(
    groups: Mapping[str, tuple[Jar, ...]],
    repository: str,
    cache: Path,
    directory: Path,
    report: Callable[[int, int], None],
) -> None:
    """Make `directory`/<group>/ hold exactly the group's jars.

    `report` gets the bytes that arrived and the bytes to come. Raises SetupError.
    """
    wanted = [jar for group in groups.values() for jar in group]
    missing = [item for item in artifacts(tuple(wanted), repository, cache) if not is_intact(item)]
    if missing:
        total_bytes = sum(item.size_bytes for item in missing)
        fetch_all(missing, lambda received: report(received, total_bytes))
    for name, jars in groups.items():
        _link_group(jars, cache, directory / name)


def _link_group(jars: tuple[Jar, ...], cache: Path, directory: Path) -> None:
    """Build the group aside and swap it in, so that a broken run leaves no half group."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        fresh.chmod(0o755)
        for jar in jars:
            _link(cache / jar.path, fresh / jar.file_name)
        if directory.exists():
            shutil.rmtree(directory)
        fresh.replace(directory)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without hard links
        shutil.copyfile(source, target)
