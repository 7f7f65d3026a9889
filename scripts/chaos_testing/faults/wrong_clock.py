"""Runs a service by a wall clock that can be wrong.

`python -m scripts.chaos_testing.faults.wrong_clock FILE MODULE` becomes the module's `main`.

The file says how many seconds the clock is ahead; it may change at any moment. As when a host's
clock jumps, the time of day alone is wrong: monotonic time, by which programs wait, goes on. The
machine's own clock and a Java that the service starts keep the right time.
"""

from __future__ import annotations

import runpy
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from services.common.market import market_clock


class JumpingClock:
    """A clock that is right until it is told to jump."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def start(self) -> None:
        """Let the clock be right."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self.jump(0)

    def jump(self, seconds: int) -> None:
        """Let the clock be so far ahead of the right time."""
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{seconds}\n", encoding="utf-8")
        draft.replace(self._file)

    def ahead_seconds(self) -> int:
        """Return how far it is ahead."""
        return int(self._file.read_text(encoding="utf-8"))

    def on(self, arguments: list[str]) -> list[str]:
        """Return the arguments of `python … -m MODULE` that run the module by this clock."""
        return [*arguments[:-1], __name__, str(self._file), arguments[-1]]


def jump_together(clocks: Sequence[JumpingClock], seconds: int) -> Callable[[], None]:
    """Let clocks be so far ahead of the right time; return what puts them right."""
    for clock in clocks:
        clock.jump(seconds)

    def put_right() -> None:
        for clock in clocks:
            clock.jump(0)

    return put_right


def main() -> None:
    """Become the service."""
    clock, module = JumpingClock(Path(sys.argv[1])), sys.argv[2]
    right_time = time.time

    class _Datetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> _Datetime:
            return super().now(tz) + timedelta(seconds=clock.ahead_seconds())

    vars(market_clock)["datetime"] = _Datetime
    time.time = lambda: right_time() + clock.ahead_seconds()
    sys.argv = [module]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
