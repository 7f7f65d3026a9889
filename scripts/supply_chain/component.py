"""One locked package: what the lock says of it, and the name by which others know it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

_PURL_TYPES = {"PyPI": "pypi", "npm": "npm", "Maven": "maven", "Debian": "deb"}


@dataclass(frozen=True)
class Distribution:
    """A file of a package: its address, and its digests (hex) by the algorithm's name in hashlib.

    Several digests of one algorithm are of several files at that address.
    """

    url: str
    digests: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Component:
    """A package of an ecosystem, as OSV names both: PyPI, npm, Maven (`group:artifact`),
    Debian (`debian/package`)."""

    ecosystem: str
    name: str
    version: str
    lock: str
    """The path of the file that pins it, in the checkout."""
    distributions: tuple[Distribution, ...] = ()
    licence: str = ""
    """An SPDX expression or a name; empty where nobody told."""
    classifier: str = ""
    """Of a jar that is not the main one of its artifact."""
    architecture: str = ""
    """Of a package of Debian."""

    @property
    def purl(self) -> str:
        """The package URL (https://github.com/package-url/purl-spec)."""
        namespace, _, name = self.name.rpartition(":" if self.ecosystem == "Maven" else "/")
        words = [_PURL_TYPES[self.ecosystem], *filter(None, [namespace]), name]
        path = "/".join(quote(word, safe="") for word in words)
        told = {"arch": self.architecture, "classifier": self.classifier}
        qualifiers = "&".join(f"{key}={quote(value)}" for key, value in told.items() if value)
        mark = "?" if qualifiers else ""
        return f"pkg:{path}@{quote(self.version, safe='')}{mark}{qualifiers}"
