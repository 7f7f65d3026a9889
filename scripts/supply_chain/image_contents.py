"""Reads what an image holds from the tar of its file system: Debian's packages, Python's, jars
and the page's packages out. Nothing of the image is run."""

from __future__ import annotations

import hashlib
import re
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from email import message_from_bytes, message_from_string
from pathlib import PurePosixPath
from typing import IO

from scripts.supply_chain.component import Component
from scripts.supply_chain.licences import in_metadata

DPKG_STATUS = "var/lib/dpkg/status"
_COPYRIGHT = re.compile(r"usr/share/doc/([^/]+)/copyright")
_METADATA = re.compile(r"opt/.*/site-packages/[^/]+\.dist-info/METADATA")
_WEB = re.compile(r"opt/web/((?:@[^/]+/)?[^/]+)/")
_LICENCE = re.compile(r"^License: *(\S.*?)\s*$", re.MULTILINE)


@dataclass
class _Found:
    """What one pass over the tar met."""

    status: str = ""
    copyrights: dict[str, str] = field(default_factory=dict)
    python: list[Component] = field(default_factory=list)
    jar_digests: set[str] = field(default_factory=set)
    web: set[str] = field(default_factory=set)


def read(stream: IO[bytes], locked: Iterable[Component]) -> list[Component]:
    """Return the components of an image, by package URL.

    `locked` are those of the lock files: of what is among them the digests are told, and jars are
    known by theirs. Jars that another package brings (PySpark's) are that package's. Raises
    tarfile.TarError.
    """
    known = {one.purl: one for one in locked}
    found = _walk(stream)
    components = [*_debian(found), *found.python]
    for one in known.values():
        digests = {digest for file in one.distributions for _, digest in file.digests}
        if one.ecosystem == "Maven" and digests & found.jar_digests:
            components.append(one)
        if one.ecosystem == "npm" and one.lock.endswith("web.lock.json") and one.name in found.web:
            components.append(one)
    return [_with_lock(one, known) for one in sorted(components, key=lambda one: one.purl)]


def debian_packages(status: str) -> Iterator[Mapping[str, str]]:
    """Yield the paragraphs of dpkg's status file that tell of installed packages."""
    for paragraph in re.split(r"\n{2,}", status.strip()):
        package = message_from_string(paragraph)
        if (package["Status"] or "").endswith(" installed"):
            yield {name: package[name] for name in ("Package", "Version", "Architecture")}


def _walk(stream: IO[bytes]) -> _Found:
    found = _Found()
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isreg() else None
            if file is not None:
                _take(found, member.name.removeprefix("./"), file)
    return found


def _take(found: _Found, name: str, file: IO[bytes]) -> None:
    if name == DPKG_STATUS:
        found.status = file.read().decode("utf-8")
    elif match := _COPYRIGHT.fullmatch(name):
        licences = _LICENCE.findall(file.read().decode("utf-8", "replace"))
        found.copyrights[match[1]] = ", ".join(dict.fromkeys(licences))
    elif _METADATA.fullmatch(name):
        found.python.append(_python(file.read()))
    elif PurePosixPath(name).suffix == ".jar":
        found.jar_digests.add(hashlib.file_digest(file, "sha512").hexdigest())  # type: ignore[arg-type] # read by pieces alone
    elif match := _WEB.match(name):
        found.web.add(match[1])


def _debian(found: _Found) -> Iterator[Component]:
    for package in debian_packages(found.status):
        yield Component(
            *("Debian", f"debian/{package['Package']}", package["Version"], DPKG_STATUS),
            licence=found.copyrights.get(package["Package"], ""),
            architecture=package["Architecture"],
        )


def _python(text: bytes) -> Component:
    head = message_from_bytes(text)
    name = re.sub(r"[-_.]+", "-", head["Name"]).lower()
    return Component("PyPI", name, head["Version"], "METADATA", licence=in_metadata(head))


def _with_lock(component: Component, known: Mapping[str, Component]) -> Component:
    locked = known.get(component.purl)
    if locked is None:
        return component
    return replace(locked, licence=component.licence or locked.licence)
