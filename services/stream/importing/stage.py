"""A stage of Spark that can be stopped at any moment: while it begins, while it runs.

In comes work that waits for Spark's jobs, out goes what it comes to; in between the caller looks
at how far it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from threading import Event
from typing import TypeVar

from services.stream.retry import StoppedError
from services.stream.spark import runtime

_T = TypeVar("_T")
TURN_SECONDS = 0.2


def run_stage(
    work: Callable[[], _T],
    cancel: Callable[[], None],
    stopping: Event,
    look: Callable[[float], None],
) -> _T:
    """Return what `work` comes to, looking after each turn how many seconds it has taken.

    Raises StoppedError, unless all was done when it was asked to stop.
    """
    if stopping.is_set():
        raise StoppedError("asked to stop")
    begun = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(work)
        while not wait_for([running], timeout=TURN_SECONDS).done:
            if stopping.is_set():
                cancel()  # each turn: a job that Spark has not begun yet is not cancelled
            else:
                look(time.monotonic() - begun)
        try:
            return running.result()
        except runtime.ERRORS:
            if stopping.is_set():
                raise StoppedError("asked to stop") from None
            raise
