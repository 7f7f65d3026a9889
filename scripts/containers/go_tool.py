"""Builds a program from a Go module that this project pins, without leaving Go's caches behind.

With the machine's Go if it is new enough, else with one that the Go module proxy has.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path

from scripts.containers import programs
from scripts.installation.download import Artifact, fetch
from scripts.launcher.errors import SetupError

NEEDS_GO = "1.26.6"
GO_VERSION = "v0.0.1-go1.26.8.linux-amd64"
GO_URL = f"https://proxy.golang.org/golang.org/toolchain/@v/{GO_VERSION}.zip"
GO_SHA256 = "30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7"
GO_BYTES = 71_680_185
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def pinned(module: Path, package: str) -> str:
    """Return the version of a package that the module's go.mod requires. Raises SetupError."""
    text = (module / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"{re.escape(package)} (v\S+)", text)
    if found is None:
        raise SetupError(f"{module}/go.mod does not require {package}")
    return found[1]


def build(
    program: Path,
    module: Path,
    package: str,
    variables: Mapping[str, str],
    stamp: str = "",
    *,
    optimized: str = "",
) -> Path:
    """Build a command of the module as the program, whose folder is a temporary one; return it.

    The folder also takes the caches of Go, which would be a gigabyte in the user's home that nobody
    asked for. `stamp` is more for the linker, `optimized` the packages that are worth optimizing:
    without it the program is there a third sooner.
    """
    folder = program.parent
    quick = ["-gcflags=all=-N -l", *([f"-gcflags={optimized}="] if optimized else [])]
    command = [_go(folder, variables), "build", "-mod=readonly", "-trimpath", *quick]
    command += ["-ldflags", f"-s -w {stamp}".strip()]
    own = {"GOPATH": f"{folder}/go", "GOCACHE": f"{folder}/build", "GOFLAGS": "-modcacherw"}
    own |= {"GOTOOLCHAIN": "local"}  # it fetches no other Go than this
    programs.run([*command, "-o", str(program), package], {**variables, **own}, module)
    return program


def architecture() -> str:
    """Return the name that Debian and Go give this machine's processor."""
    return _ARCHITECTURES.get(platform.machine(), platform.machine())


def _go(folder: Path, variables: Mapping[str, str]) -> str:
    """Return the machine's Go if it is new enough, else one from the Go module proxy."""
    path = ":".join((variables.get("PATH", ""), "/usr/local/go/bin"))
    found = shutil.which("go", path=path)
    if found is not None and is_new_enough(_version(found)):
        return found
    if (platform.system(), architecture()) != ("Linux", "amd64"):
        raise SetupError(f"Go {NEEDS_GO} or newer is missing; install it")
    archive = Artifact(GO_URL, folder / "go.zip", "sha256", GO_SHA256, GO_BYTES)
    fetch(archive)
    with zipfile.ZipFile(archive.target) as packed:
        packed.extractall(folder)
    home = folder / f"golang.org/toolchain@{GO_VERSION}"
    for program in (*home.glob("bin/*"), *home.glob("pkg/tool/*/*")):
        program.chmod(0o755)
    return str(home / "bin" / "go")


def is_new_enough(said: str) -> bool:
    """Return whether what `go version` says is a Go that builds all of the modules."""
    found = re.search(r"go(\d+(?:\.\d+)+)", said)
    return found is not None and _numbers(found[1]) >= _numbers(NEEDS_GO)


def _version(program: str) -> str:
    return subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
