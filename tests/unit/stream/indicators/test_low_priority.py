"""Work that gives way: its own thread is at the lowest priority, the caller's stays as it was."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from services.stream.indicators.low_priority import at_low_priority


def priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a priority for each thread")
def test_the_work_gives_way_and_its_caller_does_not() -> None:
    before = priority()
    assert (at_low_priority(priority), priority()) == (19, before)


def test_what_the_work_raises_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        at_low_priority(lambda: 1 // 0)
