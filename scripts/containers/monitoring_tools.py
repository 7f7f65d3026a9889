"""Brings programs of the images to where they run without containers: for the tests.

They are those of the packages that the images install, from Debian's archive, each known by its
digest. Those of the profile `observe` need no more of a system than its C library, of Debian 12 or
newer; pgBackRest needs what PostgreSQL and curl need of it.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.containers import debian_package, go_tool, programs
from scripts.installation.download import Artifact, fetch
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import user_cache
from scripts.launcher.progress import say


@dataclass(frozen=True)
class _Package:
    """A package of Debian 13: its source and version, and by architecture digest and size."""

    source: str
    version: str
    files: Mapping[str, tuple[str, int]]


_ALERTMANAGER: Final = "prometheus-alertmanager"
_NODE: Final = "prometheus-node-exporter"
_POSTGRES: Final = "prometheus-postgres-exporter"
_BACKUPS: Final = "pgbackrest"
PACKAGES: Final[Mapping[str, _Package]] = {
    "prometheus": _Package(
        "prometheus",
        "2.53.3+ds1-2",
        {
            "amd64": (
                "58c3e6a86c56cb3bfd71032fa48d65945d526441a212f5815dfe5ed9cb787ecc",
                16_577_896,
            ),
            "arm64": (
                "59b459dee0ceef9c645a98166ea00f0d10946391a5d486505360e2d21cd1ddec",
                14_343_552,
            ),
        },
    ),
    "promtool": _Package(
        "prometheus",
        "2.53.3+ds1-2",
        {
            "amd64": (
                "ff27654eacc95abd846d344e91fe4ba3b4f0588a50d606ed1d2f09ad3408722f",
                15_560_452,
            ),
            "arm64": (
                "cc1d5889b4d2e2ef92a6984039d88c11993ad3c73f5e74acd3ee15adaefb764c",
                13_458_560,
            ),
        },
    ),
    _ALERTMANAGER: _Package(
        _ALERTMANAGER,
        "0.28.1+ds-1",
        {
            "amd64": (
                "76ee08c2bf686fa32ca243d099b6bfc6cb00074e9337c18ef73154b60c5830a9",
                12_243_404,
            ),
            "arm64": (
                "abd779fb3877d7749527a9028dae6f3c5b0e21853267b7a183f7835d6079a92b",
                10_427_584,
            ),
        },
    ),
    _NODE: _Package(
        _NODE,
        "1.9.0-1+b4",
        {
            "amd64": (
                "9db00cad0c9e160a4e9c13cbdb2833d58becb1f4cd60eeb0b5e12477ba6a42bd",
                4_674_324,
            ),
            "arm64": (
                "1717bb967ca111dda6ce39c12d1da934cef37045a68905fa67e3150e9b65df1e",
                3_984_952,
            ),
        },
    ),
    _POSTGRES: _Package(
        _POSTGRES,
        "0.17.1-1+b4",
        {
            "amd64": (
                "37895f59de5a35c54e38499e37f342bf168c67634b65a0a29ebcd5add6aa7636",
                4_022_940,
            ),
            "arm64": (
                "5f431dd77f966069c1eb2c938ea2c23fd6355590424da7b67e4f41c1eefd76d7",
                3_432_388,
            ),
        },
    ),
    _BACKUPS: _Package(
        _BACKUPS,
        "2.55.1-1",
        {
            "amd64": (
                "4143a01dba71c12aab93e67b012b5cb93ec9f80e408080ddbde6261115da381d",
                481_000,
            ),
            "arm64": (
                "8dd7c20c8be327a465d27b557ce04eca85fa67b29b16391bb5300a9f515c7142",
                425_916,
            ),
        },
    ),
}
_PACKAGE_OF: Final = {
    "prometheus": "prometheus",
    "promtool": "promtool",
    "amtool": _ALERTMANAGER,
    _ALERTMANAGER: _ALERTMANAGER,
    _NODE: _NODE,
    _POSTGRES: _POSTGRES,
    _BACKUPS: _BACKUPS,
}
_TEMPLATES: Final = "usr/share/prometheus/alertmanager"
_OWN_SHARE: Final = f"""\
mount -t tmpfs tmpfs /usr/share
mkdir -p /{_TEMPLATES}
cp "$0" /{_TEMPLATES}/default.tmpl
cp "$1" /{_TEMPLATES}/email.tmpl
shift
exec "$@"
"""


def tool(name: str, variables: Mapping[str, str]) -> Path:
    """Return one of the programs, brought once. Raises SetupError.

    DEBIAN_MIRROR names another mirror of Debian's archive.
    """
    return _file(_PACKAGE_OF[name], f"usr/bin/{name}", variables)


def with_templates(name: str, variables: Mapping[str, str]) -> list[str]:
    """Return the beginning of a command line that runs Alertmanager or amtool. Raises SetupError.

    Debian's look for their templates in /usr/share, where an installed package has them. The
    program gets a /usr/share of its own, in a mount namespace, and the system stays as it is.
    """
    template = _file(_ALERTMANAGER, f"{_TEMPLATES}/default.tmpl", variables)
    email = _file(_ALERTMANAGER, f"{_TEMPLATES}/email.tmpl", variables)
    mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
    namespace = [programs.require("unshare"), "--mount", *mapped, "sh", "-euc", _OWN_SHARE]
    return [*namespace, str(template), str(email), str(tool(name, variables))]


def _file(package_name: str, path: str, variables: Mapping[str, str]) -> Path:
    name, version = path.rpartition("/")[2], PACKAGES[package_name].version
    file = user_cache(variables) / f"{name}-{version}"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as fresh:
            _bring(Path(fresh), package_name, path, variables).replace(file)
    return file


def _bring(folder: Path, name: str, path: str, variables: Mapping[str, str]) -> Path:
    package, architecture = PACKAGES[name], go_tool.architecture()
    if architecture not in package.files:
        raise SetupError(f"{name} is not pinned for the processor {architecture}")
    digest, size = package.files[architecture]
    file = f"{name}_{package.version}_{architecture}.deb"
    url = f"{programs.debian_mirror(variables)}/pool/main/p/{package.source}/{file}"
    say(f"fetching {path} of {name} {package.version} (once, {size // 1_000_000} MB)")
    archive = Artifact(url, folder / "package.deb", "sha256", digest, size)
    fetch(archive)
    taken = folder / "taken"
    debian_package.extract(archive.target, path, taken)
    return taken
