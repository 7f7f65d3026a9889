"""Brings the pinned npm packages of the web page: lock file in, their few files out.

No Node.js is needed: a package is an archive, fetched once into the user's cache. They are
fetched rather than committed, so that the lock alone says what is shipped, as with the jars.
Standard library only.
"""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.installation.download import Artifact, fetch_all, is_intact
from scripts.launcher.errors import SetupError

NPM = "https://registry.npmjs.org"


@dataclass(frozen=True)
class WebPackage:
    """A package as the lock names it; `files` are those that the page needs."""

    name: str
    path: str
    sha512: str
    size_bytes: int
    files: tuple[str, ...]


def read_lock(lock: Path) -> tuple[WebPackage, ...]:
    """Return the packages of the lock."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return tuple(
        WebPackage(name, one["path"], one["sha512"], one["bytes"], tuple(one["files"]))
        for name, one in packages.items()
    )


def registry_url(variables: Mapping[str, str]) -> str:
    """Return the registry to fetch from; NPM_CONFIG_REGISTRY names a mirror, as for npm."""
    return (variables.get("NPM_CONFIG_REGISTRY") or NPM).rstrip("/")


def install(
    packages: tuple[WebPackage, ...],
    registry: str,
    cache: Path,
    directory: Path,
    report: Callable[[int, int], None],
) -> None:
    """Make `directory`/<name>/ hold exactly the package's files.

    `report` gets the bytes that arrived and the bytes to come. Raises SetupError.
    """
    artifacts = [
        Artifact(f"{registry}/{one.path}", cache / one.path, "sha512", one.sha512, one.size_bytes)
        for one in packages
    ]
    missing = [one for one in artifacts if not is_intact(one)]
    if missing:
        total_bytes = sum(one.size_bytes for one in missing)
        fetch_all(missing, lambda received: report(received, total_bytes))
    for package, artifact in zip(packages, artifacts, strict=True):
        _unpack(package, artifact.target, directory / package.name)


def _unpack(package: WebPackage, archive: Path, directory: Path) -> None:
    """Build the folder aside and swap it in, so that a broken run leaves no half of it."""
    directory.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", dir=directory.parent))
    try:
        fresh.chmod(0o755)
        with tarfile.open(archive) as opened:
            for file in package.files:
                (fresh / Path(file).name).write_bytes(_content(opened, file, archive))
        if directory.exists():
            shutil.rmtree(directory)
        fresh.replace(directory)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _content(opened: tarfile.TarFile, file: str, archive: Path) -> bytes:
    try:
        source = opened.extractfile(f"package/{file}")
    except KeyError:
        source = None
    if source is None:
        raise SetupError(f"{archive} holds no file {file}")
    return source.read()
