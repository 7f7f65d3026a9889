"""Turns SIGTERM and SIGINT into an Event, safely.

A handler runs in the middle of whatever the main thread does. `Event.set()` takes a lock that
the interrupted code may hold, and would then wait for itself without end; a SimpleQueue may be
put to from a handler, and a thread of its own does the rest.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from queue import SimpleQueue
from threading import Event, Thread


def stop_on_signals(then: Callable[[], None] | None = None) -> Event:
    """Return an event that SIGTERM or SIGINT sets; call from the main thread.

    `then` is called right after, in the thread that sets it.
    """
    asked: SimpleQueue[None] = SimpleQueue()
    stopping = Event()

    def wait() -> None:
        asked.get()
        stopping.set()
        if then is not None:
            then()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.put(None))
    Thread(target=wait, name="signals", daemon=True).start()
    return stopping
