"""The folder that holds all state of a run: made, locked, and removed again if it was temporary."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.launcher.errors import SetupError
from scripts.launcher.progress import say

# PostgreSQL, which root runs as another user, must be able to pass through.
_MODE = 0o711 if os.geteuid() == 0 else 0o700


@contextmanager
def data_directory(wanted: Path | None) -> Iterator[Path]:
    """Give the wanted folder, or a temporary one that is kept only if the run fails.

    Raises SetupError if another run uses it.
    """
    if wanted is None:
        directory = Path(tempfile.mkdtemp(prefix="tapeline-demo-"))
        directory.chmod(_MODE)
    else:
        directory = wanted
        directory.mkdir(mode=_MODE, parents=True, exist_ok=True)
    try:
        with _locked(directory):
            yield directory
    except SetupError:
        if wanted is None:
            say(f"what the run left, logs included, is kept in {directory}")
        raise
    except BaseException:
        _remove(directory, wanted)
        raise
    else:
        _remove(directory, wanted)


def _remove(directory: Path, wanted: Path | None) -> None:
    if wanted is None:
        shutil.rmtree(directory)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    with (directory / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SetupError(
                f"another run uses {directory}; stop it, or choose another --data-dir"
            ) from None
        yield
