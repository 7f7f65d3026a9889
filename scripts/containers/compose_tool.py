"""Brings the pinned Docker Compose for Linux where none is installed, without Docker's own servers.

Debian's archive has it ready for a later Debian than 12 and 13, which it runs on all the same. The
archive drops a version once there is a newer one: then Compose is built from its Go module.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.containers import debian_package, go_tool, programs
from scripts.installation.download import Artifact, fetch
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import ROOT, user_cache
from scripts.launcher.progress import say

MODULE = ROOT / "scripts" / "containers" / "compose"
_PACKAGE = "github.com/docker/compose/v2"
_REVISION = "3"
_IN_DEBIAN = "usr/libexec/docker/cli-plugins/docker-compose"


@dataclass(frozen=True)
class _Package:
    sha256: str
    size_bytes: int


_PACKAGES = {
    "amd64": _Package(
        "e7603d5e6df0f8404f7b03da478022b87d7b50644cffe68884b071e5cfc17fd3", 13_880_040
    ),
    "arm64": _Package(
        "a7c33f38d80c4fad61d426fd47e0b7f1e81ad4a643e4e4cee3401e6f8638d359", 11_767_104
    ),
}


def compose(variables: Mapping[str, str]) -> Path:
    """Return a Compose program of the pinned version, brought once. Raises SetupError.

    DEBIAN_MIRROR names another mirror of Debian's archive.
    """
    wanted = go_tool.pinned(MODULE, _PACKAGE)
    program = user_cache(variables) / f"docker-compose-{wanted}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.parent) as fresh:
            asked = Path(fresh), wanted, variables
            (_from_debian(*asked) or _build(*asked)).replace(program)
    return program


def _from_debian(folder: Path, wanted: str, variables: Mapping[str, str]) -> Path | None:
    """Return the program of Debian's package; None where there is no such package."""
    package = _PACKAGES.get(go_tool.architecture())
    if package is None:
        return None
    name = f"docker-compose_{wanted.removeprefix('v')}-{_REVISION}_{go_tool.architecture()}.deb"
    url = f"{programs.debian_mirror(variables)}/pool/main/d/docker-compose/{name}"
    archive = Artifact(url, folder / name, "sha256", package.sha256, package.size_bytes)
    program = folder / "docker-compose"
    try:
        fetch(archive)
        debian_package.extract(archive.target, _IN_DEBIAN, program)
    except SetupError as error:
        say(f"Docker Compose {wanted} does not come from Debian: {error}")
        return None
    return program


def _build(folder: Path, wanted: str, variables: Mapping[str, str]) -> Path:
    say(f"building Docker Compose {wanted} from its Go module (once, some minutes)")
    stamp = f"-X {_PACKAGE}/internal.Version={wanted}"
    for_linux = {**variables, "GOOS": "linux", "GOARCH": go_tool.architecture()}
    program = folder / "docker-compose"
    return go_tool.build(program, MODULE, f"{_PACKAGE}/cmd", for_linux, stamp)
