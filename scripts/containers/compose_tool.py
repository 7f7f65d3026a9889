"""Brings the pinned Docker Compose: Debian has none, so it is built from its Go module."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

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


def version(go_module: str) -> str:
    """Return the version of Compose that a go.mod pins."""
    found = re.search(rf"{re.escape(_PACKAGE)} (v\S+)", go_module)
    if found is None:
        raise EmbeddedError(f"{MODULE}/go.mod does not require {_PACKAGE}")
    return found[1]


def compose(variables: Mapping[str, str]) -> Path:
    """Return a Compose program of the pinned version, building it once. Raises EmbeddedError."""
    wanted = version((MODULE / "go.mod").read_text(encoding="utf-8"))
    program = user_cache(variables) / f"docker-compose-{wanted}"
    if not program.exists():
        say(f"building Docker Compose {wanted} from its Go module (once, some minutes)")
        _build(program, wanted, variables)
    return program


def _build(program: Path, wanted: str, variables: Mapping[str, str]) -> None:
    program.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=program.parent) as fresh:
        go = _go(Path(fresh), variables)
        stamp = f"-s -w -X {_PACKAGE}/internal.Version={wanted}"
        # Without optimizing, which it does not need, it is there a third sooner.
        quick = ("-gcflags=all=-N -l", "-ldflags", stamp)
        command = [go, "build", "-mod=readonly", "-trimpath", *quick]
        command += ["-o", f"{fresh}/docker-compose", f"{_PACKAGE}/cmd"]
        # The caches of Go would be a gigabyte in the user's home that nobody asked for.
        own = {"GOPATH": f"{fresh}/go", "GOCACHE": f"{fresh}/build", "GOFLAGS": "-modcacherw"}
        done = subprocess.run(
            command, cwd=MODULE, env={**variables, **own}, capture_output=True, check=False
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace")[-2000:]
            raise EmbeddedError(f"building Docker Compose failed:\n{said}")
        (Path(fresh) / "docker-compose").replace(program)


def _go(folder: Path, variables: Mapping[str, str]) -> str:
    """Return the machine's Go if it is new enough, else one from the Go module proxy."""
    path = ":".join((variables.get("PATH", ""), "/usr/local/go/bin"))
    found = shutil.which("go", path=path)
    if found is not None and _go_version(found) >= NEEDS_GO:
        return found
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
