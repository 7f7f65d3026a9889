"""Lets events happen at their moments while the cluster's dead processes are started again."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from scripts.chaos_testing.cluster import Cluster
from scripts.chaos_testing.faults.episode_plan import Fault
from scripts.chaos_testing.faults.nemesis import Nemesis

_LOOK_SECONDS = 0.1


@dataclass
class Timeline:
    """Faults and their ends in the order of their moments (monotonic seconds)."""

    cluster: Cluster
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=count)

    def plan(self, faults: Sequence[Fault], begun: float) -> None:
        """Let the faults begin so many seconds after `begun`, and end when their time is over."""
        nemesis = Nemesis(self.cluster)
        for fault in faults:
            moment = begun + fault.at_seconds
            self._at(moment, lambda fault=fault: self._begin(nemesis, fault))  # type: ignore[misc]

    def pass_until(self, moment: float) -> None:
        """Return at this moment."""
        while True:
            self.cluster.tend()
            now = time.monotonic()
            while self._events and self._events[0][0] <= now:
                heapq.heappop(self._events)[2]()
            if now >= moment:
                return
            time.sleep(_LOOK_SECONDS)

    def pass_while(self, goes_on: Callable[[], bool]) -> None:
        """Return when `goes_on` no longer holds."""
        while goes_on():
            self.pass_until(time.monotonic() + _LOOK_SECONDS)

    def pass_all(self) -> None:
        """Return when the last fault has ended."""
        while self._events:
            self.pass_until(self._events[0][0])

    def _begin(self, nemesis: Nemesis, fault: Fault) -> None:
        end = nemesis.begin(fault)
        if end is not None:
            self._at(time.monotonic() + fault.seconds, end)

    def _at(self, moment: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))
