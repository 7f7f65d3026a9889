"""Adds the licences that no lock tells, from the packages that are installed: components in,
components out."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from email.message import Message
from importlib import metadata
from pathlib import Path

from scripts.supply_chain.component import Component

_LONGEST = 100
_IN_POM = re.compile(r"<license>.*?<name>\s*(.*?)\s*</name>", re.DOTALL)
_APACHE = re.compile(r"\s*Apache License\s+Version 2\.0")
_BUNDLE = re.compile(r"^Bundle-License: *(.+(?:\r?\n .+)*)", re.MULTILINE)


def with_licences(
    components: Iterable[Component], find: Callable[[Component], str]
) -> list[Component]:
    """Return the components; of those without a licence `find` says it, or nothing."""
    return [one if one.licence else replace(one, licence=find(one)) for one in components]


def of_python(component: Component) -> str:
    """Return what an installed package of that very version says, or nothing."""
    try:
        installed = metadata.distribution(component.name)
    except metadata.PackageNotFoundError:
        return ""
    # An email.message.Message, whatever the protocol's stubs name it.
    return in_metadata(installed.metadata) if installed.version == component.version else ""


def in_metadata(head: Message | metadata.PackageMetadata) -> str:
    """Return the licence of a package's METADATA: the SPDX expression, else a short name, else
    what its classifiers say."""
    if "License-Expression" in head:
        return str(head["License-Expression"])
    name = str(head["License"]) if "License" in head else ""
    if name and "\n" not in name and len(name) <= _LONGEST and name.upper() != "UNKNOWN":
        return name
    classifiers = [one for one in head.get_all("Classifier", ()) if one.startswith("License ::")]
    return ", ".join(one.rpartition(" :: ")[2] for one in classifiers)


class Jars:
    """The licences that jars tell of themselves: a folder of jars in, names out."""

    def __init__(self, folder: Path) -> None:
        self._files = {file.name: file for file in sorted(folder.rglob("*.jar"))}

    def find(self, component: Component) -> str:
        """Return the licences of a locked jar, or nothing where it is not here or tells none."""
        artifact = component.name.rpartition(":")[2]
        words = filter(None, (artifact, component.version, component.classifier))
        file = self._files.get(f"{'-'.join(words)}.jar")
        return "" if file is None else in_jar(file, artifact)


def in_jar(file: Path, artifact: str) -> str:
    """Return the licences of the jar's own pom.xml, else of its manifest, else Apache's where the
    jar ships its text."""
    with zipfile.ZipFile(file) as jar:
        poms = [name for name in jar.namelist() if name.endswith(f"/{artifact}/pom.xml")]
        names = [name for pom in poms for name in _in_pom(jar.read(pom).decode("utf-8", "replace"))]
        if names:
            return ", ".join(dict.fromkeys(names))
        found = _BUNDLE.search(_text(jar, "META-INF/MANIFEST.MF"))
        if found:
            return re.sub(r"\r?\n ", "", found[1]).strip()
        licences = ("META-INF/LICENSE", "META-INF/LICENSE.txt", "LICENSE")
        is_apache = any(_APACHE.match(_text(jar, name)) for name in licences)
    return "Apache-2.0" if is_apache else ""


def _text(jar: zipfile.ZipFile, name: str) -> str:
    return jar.read(name).decode("utf-8", "replace") if name in jar.namelist() else ""


def _in_pom(text: str) -> Iterator[str]:
    yield from (re.sub(r"\s+", " ", one[1]) for one in _IN_POM.finditer(text))
