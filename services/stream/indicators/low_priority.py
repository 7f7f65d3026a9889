"""Work that gives way: on a thread of the lowest priority, so that bars are not kept waiting.

A thread of its own, because an ordinary user may lower a priority but never raise it again, and
the Python worker will be given bars next.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
_LOWEST = 19


def at_low_priority(work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises."""
    with ThreadPoolExecutor(1, "low-priority", initializer=_give_way) as pool:
        return pool.submit(work).result()


def _give_way() -> None:
    # Only Linux has a priority for each thread.
    if sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LOWEST)
