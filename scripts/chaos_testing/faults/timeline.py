"""Lets events happen at their moments while the cluster's dead processes are started again."""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from scripts.chaos_testing.alerting.alert_watch import AlertWatch
from scripts.chaos_testing.cluster import Cluster
from scripts.chaos_testing.faults.episode_plan import Fault
from scripts.chaos_testing.faults.nemesis import End, Nemesis

_LOOK_SECONDS = 0.1


@dataclass
class Timeline:
    """Faults and their ends in the order of their moments (monotonic seconds)."""

    cluster: Cluster
    alerts: AlertWatch | None = None
    _begun: list[tuple[Fault, float]] = field(default_factory=list)
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

    def judge_alerts(self) -> None:
        """Wait until the alerts of the faults so far are over, and judge them."""
        while self._begun and self.alerts is not None:
            fault, begun = self._begun.pop(0)
            self.alerts.judge(fault, begun, self.pass_while)

    def _begin(self, nemesis: Nemesis, fault: Fault) -> None:
        end = nemesis.begin(fault)
        begun = time.monotonic()  # some take a while, such as a disk that fills
        self._begun.append((fault, begun))
        if end is not None and self.alerts is not None:
            self._end_once_told(self.alerts, fault, begun, end)
        elif end is not None:
            self._at(time.monotonic() + fault.seconds, end)

    def _end_once_told(self, alerts: AlertWatch, fault: Fault, begun: float, end: End) -> None:
        if alerts.may_end(fault, begun):
            end()
            return
        again = time.monotonic() + _LOOK_SECONDS
        self._at(again, lambda: self._end_once_told(alerts, fault, begun, end))

    def _at(self, moment: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), event))
