"""Finds a PostgreSQL that speaks TLS, which the one in the Python wheel does not.

Only tests of connections need it. Root gets the package on Debian or Ubuntu; anybody else is told
the command that installs it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from scripts.launcher.errors import SetupError

_PROGRAMS = Path("/usr/lib/postgresql")
_INSTALL = ("apt-get", "install", "-y", "--no-install-recommends", "postgresql")
_NO_CLUSTER = Path("/etc/postgresql-common/createcluster.conf")


def find(programs: Path = _PROGRAMS) -> Path | None:
    """Return the folder with initdb and postgres of the newest version there is, or None."""
    folders = [path.parent for path in programs.glob("*/bin/postgres")]
    folders = [folder for folder in folders if (folder / "initdb").exists()]
    return max(folders, key=lambda folder: int(folder.parent.name), default=None)


def require(variables: Mapping[str, str]) -> Path:
    """Return the folder with the programs, installing them where root may. Raises SetupError."""
    found = find()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get") is not None:
        _install(variables)
        found = find()
    if found is None:
        raise SetupError(
            "the tests need a PostgreSQL with TLS; install it with: sudo apt-get update && "
            f"sudo {' '.join(_INSTALL)}"
        )
    return found


def _install(variables: Mapping[str, str]) -> None:
    """Install the package without the server that it would start by itself."""
    if not _NO_CLUSTER.exists():
        _NO_CLUSTER.parent.mkdir(parents=True, exist_ok=True)
        _NO_CLUSTER.write_text("create_main_cluster = false\n", encoding="utf-8")
    environment = {**variables, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (("apt-get", "update"), _INSTALL):
        if subprocess.run(command, env=environment, check=False).returncode != 0:
            raise SetupError(f"`{' '.join(command)}` failed; see above")
