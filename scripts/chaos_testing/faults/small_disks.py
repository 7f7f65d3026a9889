"""Small disks of a run's own, which a test can fill without harm to the machine.

They are file systems in memory, seen by this run alone: it goes on in a mount namespace of its
own, with which they vanish, however the run ends. Root is not needed where Linux lets users have
namespaces.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from scripts.launcher.errors import SetupError

_INSIDE = "TAPELINE_OWN_MOUNTS"
_BLOCK_BYTES = 4096


def enter_own_mounts() -> None:
    """Go on in a mount namespace of its own: the program is started anew there, with the same
    process id. Call it before anything else is done."""
    if os.environ.get(_INSIDE) == "yes":
        return
    as_user = () if os.geteuid() == 0 else ("--user", "--map-current-user", "--keep-caps")
    command = ["unshare", *as_user, "--mount", "--", sys.executable, *sys.orig_argv[1:]]
    os.environ[_INSIDE] = "yes"
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted


def mount_small(directory: Path, mebibytes: int) -> None:
    """Put an empty file system of this size on the directory. Raises SetupError."""
    directory.mkdir(parents=True, exist_ok=True)
    options = f"size={mebibytes}m,mode=0755"
    command = ["mount", "-t", "tmpfs", "-o", options, "tapeline", str(directory)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(
            f"a small disk cannot be put on {directory}: {done.stderr.strip()}; it needs root, or "
            "a Linux that lets users have namespaces"
        )


def fill(directory: Path) -> Callable[[], None]:
    """Leave no free space on the disk of this directory; return what gives it back."""
    ballast = directory / "ballast"
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(_BLOCK_BYTES))
    return ballast.unlink
