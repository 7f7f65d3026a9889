"""One producer alone on a state folder: two would publish what the other one knows already."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from services.common.settings import SettingError


def lock_state(directory: Path) -> IO[str]:
    """Return the open lock file of the state; the lock lasts as long as the file is open.

    Raises SettingError where the folder cannot be written to, or another producer has it.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        file = (directory / "lock").open("w", encoding="utf-8")
    except OSError as error:
        raise SettingError(
            f"PRODUCER_STATE_DIR is {directory}, which cannot be written to: {error.strerror}"
        ) from None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise SettingError(
            f"another producer runs on PRODUCER_STATE_DIR {directory}; stop it, or give this one "
            "a folder of its own"
        ) from None
    return file
