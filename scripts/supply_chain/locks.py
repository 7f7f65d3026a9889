"""Reads the lock files of the project into components: files in, packages out.

Standard library only: scripts/audit runs on a bare clone.
"""

from __future__ import annotations

import base64
import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from scripts.supply_chain.component import Component, Distribution

MAVEN_CENTRAL = "https://repo.maven.apache.org/maven2"
NPM_REGISTRY = "https://registry.npmjs.org"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
_HASH = re.compile(r"--hash=([a-z0-9]+):([0-9a-f]+)")


class LockError(Exception):
    """One line: which lock file cannot be read, and why."""


def of_uv(text: str, lock: str) -> list[Component]:
    """Return the packages of a uv.lock that come from an index; the project itself does not."""
    found = []
    for package in tomllib.loads(text)["package"]:
        if "registry" not in package["source"]:
            continue
        files = [*package.get("wheels", ()), *filter(None, [package.get("sdist")])]
        distributions = tuple(
            Distribution(file["url"], (_split_hash(file["hash"]),)) for file in files
        )
        found.append(Component("PyPI", package["name"], package["version"], lock, distributions))
    return found


def of_requirements(text: str, lock: str) -> list[Component]:
    """Return the packages of a requirements file in which each is pinned with its hashes."""
    starts = [*_PINNED.finditer(text)]
    ends = [match.start() for match in starts[1:]] + [len(text)]
    found = []
    for match, end in zip(starts, ends, strict=True):
        name = re.sub(r"[-_.]+", "-", match[1]).lower()
        digests = tuple((one[1], one[2]) for one in _HASH.finditer(text, match.end(), end))
        page = Distribution(f"https://pypi.org/simple/{name}/", digests)
        found.append(Component("PyPI", name, match[2], lock, (page,)))
    return found


def of_npm(text: str, lock: str) -> list[Component]:
    """Return the packages of a package-lock.json (version 3)."""
    found = []
    for path, package in json.loads(text)["packages"].items():
        if not path or package.get("link"):
            continue
        name = package.get("name") or path.rpartition("node_modules/")[2]
        version = package["version"]
        algorithm, _, encoded = package["integrity"].partition("-")
        file = f"{name.rpartition('/')[2]}-{version}.tgz"
        url = package.get("resolved") or f"{NPM_REGISTRY}/{name}/-/{file}"
        digest = base64.b64decode(encoded).hex()
        distribution = Distribution(url, ((algorithm, digest),))
        licence = package.get("license", "")
        found.append(Component("npm", name, version, lock, (distribution,), licence))
    return found


def of_web(text: str, lock: str) -> list[Component]:
    """Return the packages of web.lock.json, which the dashboard's page loads."""
    found = []
    for name, package in json.loads(text)["packages"].items():
        file = package["path"].rpartition("/")[2]
        version = file.removeprefix(f"{name.rpartition('/')[2]}-").removesuffix(".tgz")
        url = f"{NPM_REGISTRY}/{package['path']}"
        distribution = Distribution(url, (("sha512", package["sha512"]),))
        found.append(Component("npm", name, version, lock, (distribution,)))
    return found


def of_jars(text: str, lock: str) -> list[Component]:
    """Return the jars of jars.lock.json; a jar of several groups comes once."""
    found: dict[str, Component] = {}
    for group in json.loads(text)["groups"].values():
        for jar in group["jars"]:
            *groups, artifact, version, file = jar["path"].split("/")
            rest = file.removeprefix(f"{artifact}-{version}").removesuffix(".jar")
            distribution = Distribution(
                f"{MAVEN_CENTRAL}/{jar['path']}", (("sha512", jar["sha512"]),)
            )
            found[jar["path"]] = Component(
                *("Maven", f"{'.'.join(groups)}:{artifact}", version, lock, (distribution,)),
                classifier=rest.removeprefix("-"),
            )
    return [*found.values()]


_Reader = Callable[[str, str], list[Component]]
PARTS: Mapping[str, Mapping[str, _Reader]] = {
    "python": {
        "uv.lock": of_uv,
        "services/pgadmin/requirements.txt": of_requirements,
        "scripts/installation/uv-requirements.txt": of_requirements,
    },
    "npm": {"scripts/npm/package-lock.json": of_npm, "scripts/locks/web.lock.json": of_web},
    "maven": {"scripts/locks/jars.lock.json": of_jars},
}
"""Of each part of the project its lock files, and what reads them."""


def read(root: Path, part: str) -> list[Component]:
    """Return a part's components, each once, by package URL. Raises LockError."""
    found: dict[str, Component] = {}
    for component in _read_all(root, PARTS[part]):
        found.setdefault(component.purl, component)
    return [found[purl] for purl in sorted(found)]


def _read_all(root: Path, locks: Mapping[str, _Reader]) -> Iterable[Component]:
    for lock, reader in locks.items():
        try:
            components = reader((root / lock).read_text(encoding="utf-8"), lock)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LockError(f"{lock} is not a lock file that can be read: {error!r}") from error
        if not components:
            raise LockError(f"{lock} names no package")
        yield from components


def _split_hash(text: str) -> tuple[str, str]:
    algorithm, _, digest = text.partition(":")
    return algorithm, digest
