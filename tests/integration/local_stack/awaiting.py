"""Waits for a condition of a server, up to a minute."""

from __future__ import annotations

import time
from collections.abc import Callable

SECONDS = 60


def await_(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
