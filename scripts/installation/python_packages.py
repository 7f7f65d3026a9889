"""Installs the locked Python packages into .venv: uv.lock in, a virtual environment out.

Works without pip and without the package python3-venv, which Debian leaves out.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.installation.download import Artifact, fetch, is_intact
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import PULUMI_VENV, ROOT, VENV

UV_REQUIREMENTS = Path(__file__).with_name("uv-requirements.txt")
PIP_NAME = "pip-26.3-py3-none-any.whl"
PIP_URL = (
    "https://files.pythonhosted.org/packages/07/25/"
    f"ee8c38ae72d66b844ce8eb9711ba905dba21ca1a8a0c960057c41cd23337/{PIP_NAME}"
)
PIP_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
PIP_BYTES = 1_950_951
CLOUDS = ("aws", "azure", "digitalocean", "existing", "gcp", "hcloud", "local")
"""The extras with a cloud's SDK; `existing` needs none."""


def sync(
    cache: Path, variables: Mapping[str, str], choice: Sequence[str], *, compiled: bool
) -> None:
    """Make .venv hold the locked packages that uv's options `choice` ask for, and leave what a
    person put there.

    `compiled`: to Python's bytecode, all of them at once. Raises SetupError.
    """
    _sync(VENV, [*choice, "--inexact"], cache, variables, compiled=compiled)


def sync_pulumi(cloud: str, cache: Path, variables: Mapping[str, str]) -> None:
    """Make Pulumi's own environment hold one cloud's SDK. Raises SetupError.

    From .venv, which may have all of them, Pulumi would fetch the plugin of every cloud.
    """
    extras = ("infra",) if cloud == "existing" else ("infra", cloud)
    options = ("--no-default-groups", *(f"--extra={extra}" for extra in extras))
    _sync(PULUMI_VENV, options, cache, variables, compiled=False)


def _sync(
    venv: Path,
    options: Sequence[str],
    cache: Path,
    variables: Mapping[str, str],
    *,
    compiled: bool,
) -> None:
    uv = _uv(cache, variables)
    python = ("--no-python-downloads", "--python", sys.executable)
    own = {"UV_COMPILE_BYTECODE": str(int(compiled)), "UV_PROJECT_ENVIRONMENT": str(venv)}
    environment = {**variables, **own}
    for foreign in ("VIRTUAL_ENV", "PYTHONPATH"):
        environment.pop(foreign, None)
    if not _is_of_here(venv):
        fresh = [str(uv), "venv", "--quiet", "--clear", "--relocatable", *python, str(venv)]
        _run(fresh, environment, "creating the Python environment")
    command = [str(uv), "sync", "--locked", *options, *python]
    _run(command, environment, "installing the Python packages")


def _is_of_here(venv: Path) -> bool:
    """Return whether the programs of an environment run where it is now: relocatable ones do so
    anywhere, those of before only where they were installed."""
    try:
        if "relocatable = true" in (venv / "pyvenv.cfg").read_text(encoding="utf-8"):
            return True
        return str(venv) in (venv / "bin" / "activate").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False


def _uv(cache: Path, variables: Mapping[str, str]) -> Path:
    """Return the pinned uv, installing it once into the user's cache."""
    version = uv_version(UV_REQUIREMENTS.read_text(encoding="utf-8"))
    home = cache / f"uv-{version}"
    if not home.exists():
        cache.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(prefix=f"{home.name}.", dir=cache))
        try:
            _install_uv(fresh, _pip(cache), variables)
            fresh.rename(home)
        except BaseException:
            shutil.rmtree(fresh)
            raise
    return home / "bin" / "uv"


def _install_uv(directory: Path, pip: list[str], variables: Mapping[str, str]) -> None:
    options = ("--no-deps", "--require-hashes", "--only-binary=:all:", f"--target={directory}")
    environment = {
        **variables,
        "PIP_USER": "0",
        "PIP_ROOT_USER_ACTION": "ignore",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    command = [*pip, "install", "--quiet", *options, "-r", str(UV_REQUIREMENTS)]
    _run(command, environment, "installing uv")


def uv_version(requirements: str) -> str:
    """Return the version of uv that the requirements file pins."""
    pin = next(line for line in requirements.splitlines() if line.startswith("uv=="))
    return pin.removeprefix("uv==").split()[0]


def _pip(cache: Path) -> list[str]:
    """Return the command that runs pip: Python's own one, or else a pinned wheel of it."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    wheel = Artifact(PIP_URL, cache / PIP_NAME, "sha256", PIP_SHA256, PIP_BYTES)
    if not is_intact(wheel):
        fetch(wheel)
    return [sys.executable, str(wheel.target / "pip")]


def _run(command: list[str], environment: Mapping[str, str], action: str) -> None:
    code = subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode
    if code != 0:
        raise SetupError(f"{action} failed with exit code {code}; see above")
