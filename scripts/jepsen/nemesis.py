"""Draws the faults of an episode from its seed, and lets them happen to a cluster."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

import psycopg

from scripts.embedded.errors import EmbeddedError
from scripts.jepsen.cluster import Cluster
from services.common import fail_points

LOAD_SECONDS = 4.0
_POINTS = [name for name in fail_points.POINTS if name.startswith(("sink.", "job."))]


@dataclass(frozen=True)
class Fault:
    """A fault: what, to whom, when in the episode, for how long, and a number some of them use."""

    kind: str
    target: str
    at_seconds: float
    seconds: float
    number: int

    def __str__(self) -> str:
        return f"{self.kind} {self.target}".strip() + f" @{self.at_seconds:.1f}s"


def draw(seed: int, longest_seconds: float) -> list[Fault]:
    """Return the faults of an episode, in the order of their moments."""
    dice = random.Random(seed)  # noqa: S311 - a schedule, no secret
    faults = []
    for _ in range(dice.randint(1, 3)):
        [(kind, targets)] = dice.choices(tuple(_KINDS.items()), weights=_WEIGHTS)
        faults.append(
            Fault(
                kind=kind,
                target=dice.choice(targets),
                at_seconds=round(dice.uniform(0.3, LOAD_SECONDS - 1), 1),
                seconds=round(dice.uniform(1, longest_seconds), 1),
                number=dice.randrange(500, 8_000),
            )
        )
    return sorted(faults, key=lambda fault: fault.at_seconds)


def each(away_seconds: float, pause_seconds: float) -> list[list[Fault]]:
    """Return an episode for every fault that needs neither a producer nor a disk of its own."""
    lasting = {
        "pause": pause_seconds,
        "stay away": away_seconds,
        "black hole": 3.0,
        "lock": 3.0,
        "kill in merge": 1.0,
    }
    further = {"stay away": ("kafka", "postgres"), "add column": ("",), "kill in merge": ("",)}
    kinds = {**_KINDS, **further}
    return [
        [Fault(kind, target, 1.0, lasting.get(kind, 60.0), 3_000)]
        for kind, targets in kinds.items()
        if kind != "die at"  # a test of its own goes through the points
        for target in dict.fromkeys(targets)
    ]


def each_on_a_market(away_seconds: float, pause_seconds: float) -> list[Fault]:
    """Return, one after another, the faults that a run with a real producer adds: its own, its
    source's, wrong clocks, full disks, and Kafka gone for longer than a delivery may take."""
    wanted = [
        *((kind, target, _STARTING_SECONDS) for kind in ("kill", "terminate") for target in _EDGE),
        *(("pause", target, pause_seconds) for target in _EDGE),
        ("clock ahead", "producer+stream", _CLOCK_SECONDS),
        ("clock behind", "producer+stream", _CLOCK_SECONDS),
        ("stay away", "kafka", away_seconds),
        *(("fill disk", name, _DISK_SECONDS) for name in ("postgres", "kafka")),
    ]
    faults, at_seconds = [], 1.0
    for kind, target, seconds in wanted:
        faults.append(Fault(kind, target, at_seconds, seconds, 0))
        at_seconds += seconds + _CALM_SECONDS
    return faults


_EDGE = ("producer", "simulator")
_STARTING_SECONDS = 3.0
_CLOCK_SECONDS = 8.0
_DISK_SECONDS = 12.0
_CALM_SECONDS = 2.0
_JUMP_SECONDS = 3_600
_DISK_FULL = "No space left on device"
_AWAITED_SECONDS = 120.0

# What random episodes draw from; the others need a disk of their own, or minutes.
_KINDS = {
    "kill": ("stream", "stream", "kafka", "postgres"),
    "terminate": ("stream", "kafka", "postgres"),
    "pause": ("stream", "kafka", "postgres"),
    "reset in COPY": ("",),
    "lose COMMIT": ("",),
    "black hole": ("",),
    "lock": ("",),
    "replay": ("",),
    "lose checkpoint": ("",),
    "second stream": ("",),
    "die at": (*_POINTS,),
}
# A replay of everything takes as long as several episodes.
_WEIGHTS = [0.3 if kind == "replay" else 1.0 for kind in _KINDS]


End = Callable[[], None]


class Nemesis:
    """Lets faults happen to a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._faults: dict[str, Callable[[Fault], End | None]] = {
            "kill": self._kill,
            "terminate": self._terminate,
            "pause": self._pause,
            "stay away": self._stay_away,
            "fill disk": self._fill_disk,
            "clock ahead": lambda fault: cluster.jump(fault.target, _JUMP_SECONDS),
            "clock behind": lambda fault: cluster.jump(fault.target, -_JUMP_SECONDS),
            "add column": self._add_column,
            "reset in COPY": self._reset,
            "lose COMMIT": self._lose_commit,
            "black hole": self._hold,
            "lock": self._lock,
            "kill in merge": self._kill_in_merge,
            "replay": self._replay,
            "lose checkpoint": self._lose_checkpoint,
            "second stream": self._second_stream,
            "die at": self._die_at,
        }

    def begin(self, fault: Fault) -> End | None:
        """Let a fault begin; return what ends it, or None if it ends by itself."""
        return self._faults[fault.kind](fault)

    def _kill(self, fault: Fault) -> None:
        self._cluster.signal(fault.target, signal.SIGKILL)

    def _terminate(self, fault: Fault) -> None:
        number = signal.SIGINT if fault.target == "postgres" else signal.SIGTERM
        self._cluster.signal(fault.target, number)

    def _pause(self, fault: Fault) -> End:
        self._cluster.signal(fault.target, signal.SIGSTOP)
        return lambda: self._cluster.signal(fault.target, signal.SIGCONT)

    def _stay_away(self, fault: Fault) -> End:
        self._cluster.down.add(fault.target)
        self._kill(fault)
        return lambda: self._cluster.down.remove(fault.target)

    def _fill_disk(self, fault: Fault) -> End:
        give_back = self._cluster.fill_disk(fault.target)

        def end() -> None:
            feeling = "stream" if fault.target == "postgres" else fault.target
            self._await(
                lambda: _DISK_FULL in self._cluster.log_of(feeling), f"{feeling} to feel it"
            )
            give_back()

        return end

    def _add_column(self, fault: Fault) -> None:
        self._cluster.database.add_column(f"added_{fault.number}")

    def _reset(self, fault: Fault) -> None:
        self._cluster.proxy.reset_after(fault.number)

    def _lose_commit(self, _fault: Fault) -> None:
        self._cluster.proxy.lose_answer_to(b"COMMIT")

    def _hold(self, _fault: Fault) -> End:
        self._cluster.proxy.hold()
        return self._cluster.proxy.release

    def _lock(self, _fault: Fault) -> End | None:
        with ExitStack() as stack:
            try:
                stack.enter_context(self._cluster.database.locked())
            except psycopg.Error:
                return None  # another fault is at work on the server
            held = stack.pop_all()
        return lambda: _release(held)

    def _kill_in_merge(self, _fault: Fault) -> End:
        """Hold up a merge, so that PostgreSQL is certainly at it when it is killed."""
        database = self._cluster.database
        held = ExitStack()
        held.enter_context(database.locked())

        def kill() -> None:
            self._await(database.merge_waits, "a merge that waits")
            self._cluster.signal("postgres", signal.SIGKILL)
            _release(held)

        return kill

    def _replay(self, _fault: Fault) -> None:
        self._cluster.start_replay()

    def _lose_checkpoint(self, _fault: Fault) -> None:
        self._cluster.signal("stream", signal.SIGKILL)
        self._cluster.children["stream"].process.wait()
        self._cluster.lose_checkpoint()

    def _second_stream(self, _fault: Fault) -> End:
        self._cluster.start_second_stream()
        return lambda: self._cluster.signal("second", signal.SIGKILL)

    def _die_at(self, fault: Fault) -> None:
        self._cluster.fail_at = fault.target
        self._cluster.signal("stream", signal.SIGKILL)

    def _await(self, ready: Callable[[], bool], what: str) -> None:
        """Wait until a fault has had its effect."""
        deadline = time.monotonic() + _AWAITED_SECONDS
        while not ready():
            if time.monotonic() > deadline:
                raise EmbeddedError(f"waited {_AWAITED_SECONDS:.0f} s in vain for {what}")
            self._cluster.tend()
            time.sleep(0.1)


def _release(held: ExitStack) -> None:
    try:
        held.close()
    except psycopg.Error:
        return  # the server went away meanwhile, and the lock with it
