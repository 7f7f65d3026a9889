"""Brings the pinned Docker Compose for Linux where none is installed, without Docker's own servers.

Debian's archive has it ready for a later Debian than 12 and 13, which it runs on all the same. The
archive drops a version once there is a newer one: then Compose is built from its Go module.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.containers import debian_package, programs
from scripts.embedded.download import Artifact, fetch
from scripts.embedded.errors import EmbeddedError
from scripts.embedded.layout import ROOT, user_cache
from scripts.embedded.progress import say

MODULE = ROOT / "scripts" / "containers" / "compose"
NEEDS_GO = (1, 24)
GO_VERSION = "v0.0.1-go1.24.9.linux-amd64"
GO_URL = f"https://proxy.golang.org/golang.org/toolchain/@v/{GO_VERSION}.zip"
GO_SHA256 = "2a683c9c1d65a0e221519c21850a3ed5fe5ff287d39d74e35e4af7ceb9e333b2"
GO_BYTES = 83_027_120
_PACKAGE = "github.com/docker/compose/v2"
_REVISION = "3"
_IN_DEBIAN = "usr/libexec/docker/cli-plugins/docker-compose"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


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


def version(go_module: str) -> str:
    """Return the version of Compose that a go.mod pins."""
    found = re.search(rf"{re.escape(_PACKAGE)} (v\S+)", go_module)
    if found is None:
        raise EmbeddedError(f"{MODULE}/go.mod does not require {_PACKAGE}")
    return found[1]


def compose(variables: Mapping[str, str]) -> Path:
    """Return a Compose program of the pinned version, brought once. Raises EmbeddedError.

    DEBIAN_MIRROR names another mirror of Debian's archive.
    """
    wanted = version((MODULE / "go.mod").read_text(encoding="utf-8"))
    program = user_cache(variables) / f"docker-compose-{wanted}"
    if not program.exists():
        program.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=program.parent) as fresh:
            asked = Path(fresh), wanted, variables
            (_from_debian(*asked) or _build(*asked)).replace(program)
    return program


def _from_debian(folder: Path, wanted: str, variables: Mapping[str, str]) -> Path | None:
    """Return the program of Debian's package; None where there is no such package."""
    package = _PACKAGES.get(_architecture())
    if package is None:
        return None
    name = f"docker-compose_{wanted.removeprefix('v')}-{_REVISION}_{_architecture()}.deb"
    url = f"{programs.debian_mirror(variables)}/pool/main/d/docker-compose/{name}"
    archive = Artifact(url, folder / name, "sha256", package.sha256, package.size_bytes)
    program = folder / "docker-compose"
    try:
        fetch(archive)
        debian_package.extract(archive.target, _IN_DEBIAN, program)
    except EmbeddedError as error:
        say(f"Docker Compose {wanted} does not come from Debian: {error}")
        return None
    return program


def _build(folder: Path, wanted: str, variables: Mapping[str, str]) -> Path:
    say(f"building Docker Compose {wanted} from its Go module (once, some minutes)")
    go, program = _go(folder, variables), folder / "docker-compose"
    stamp = f"-s -w -X {_PACKAGE}/internal.Version={wanted}"
    # Without optimizing, which it does not need, it is there a third sooner.
    quick = ("-gcflags=all=-N -l", "-ldflags", stamp)
    command = [go, "build", "-mod=readonly", "-trimpath", *quick]
    command += ["-o", str(program), f"{_PACKAGE}/cmd"]
    # The caches of Go would be a gigabyte in the user's home that nobody asked for.
    own = {"GOPATH": f"{folder}/go", "GOCACHE": f"{folder}/build", "GOFLAGS": "-modcacherw"}
    own |= {"GOOS": "linux", "GOARCH": _architecture()}
    programs.run(command, {**variables, **own}, MODULE)
    return program


def _architecture() -> str:
    """Return the name that Debian and Go give this machine's processor."""
    return _ARCHITECTURES.get(platform.machine(), platform.machine())


def _go(folder: Path, variables: Mapping[str, str]) -> str:
    """Return the machine's Go if it is new enough, else one from the Go module proxy."""
    path = ":".join((variables.get("PATH", ""), "/usr/local/go/bin"))
    found = shutil.which("go", path=path)
    if found is not None and _go_version(found) >= NEEDS_GO:
        return found
    if (platform.system(), _architecture()) != ("Linux", "amd64"):
        raise EmbeddedError(f"Go {'.'.join(map(str, NEEDS_GO))} is missing; install it")
    archive = Artifact(GO_URL, folder / "go.zip", "sha256", GO_SHA256, GO_BYTES)
    fetch(archive)
    with zipfile.ZipFile(archive.target) as packed:
        packed.extractall(folder)
    home = folder / f"golang.org/toolchain@{GO_VERSION}"
    for program in (*home.glob("bin/*"), *home.glob("pkg/tool/*/*")):
        program.chmod(0o755)
    return str(home / "bin" / "go")


def _go_version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout
    numbers = re.search(r"go(\d+)\.(\d+)", said)
    return tuple(map(int, numbers.groups())) if numbers else (0, 0)
