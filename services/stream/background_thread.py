"""A thread beside the query whose failure stops the program as one of the query would."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event

from pyspark import InheritableThread

FINISH_SECONDS = 10.0


class BackgroundThread:
    """Runs `work` until it returns, which it does soon after `stopping` is set."""

    def __init__(self, work: Callable[[], None], name: str, stopping: Event) -> None:
        self._work = work
        self._stopping = stopping
        self._failure: Exception | None = None
        self._thread = InheritableThread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Wait a little for its end, once `stopping` is set; raise what ended it before."""
        self._thread.join(FINISH_SECONDS)
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._work()
        except Exception as error:  # noqa: BLE001 - raised again by `finish`
            # What was cut off by a stop that somebody else asked for is no failure.
            if not self._stopping.is_set():
                self._failure = error
                self._stopping.set()
