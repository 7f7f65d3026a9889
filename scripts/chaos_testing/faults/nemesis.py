"""Lets faults happen to a cluster."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from contextlib import ExitStack

import psycopg

from scripts.chaos_testing.cluster import Cluster
from scripts.chaos_testing.faults.episode_plan import REFUSED, Fault
from scripts.launcher.errors import SetupError

_JUMP_SECONDS = 3_600
_DISK_FULL = "No space left on device"
_BATCH_WAITS = "batch waits, nothing is lost"
_AWAITED_SECONDS = 120.0

End = Callable[[], None]


class Nemesis:
    """Lets faults happen to a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._faults: dict[str, Callable[[Fault], End | None]] = {
            "nothing": lambda _: None,
            "kill": self._kill,
            "terminate": self._terminate,
            "pause": self._pause,
            "stay away": self._stay_away,
            "fill disk": self._fill_disk,
            "fill log": self._fill_log,
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
        feeling = fault.target
        if fault.target == "postgres":
            feeling = "stream"
            self._cluster.database.begin_log_segment()  # without room there it gives up: see below
        give_back = self._cluster.fill_disk(fault.target)
        return self._once_felt(
            feeling, lambda: _DISK_FULL in self._cluster.log_of(feeling), give_back
        )

    def _fill_log(self, fault: Fault) -> End:
        """Leave PostgreSQL's write-ahead log no room: it goes down, and cannot start."""
        with self._cluster.database.log_writer() as write_until_full:
            give_back = self._cluster.fill_disk(fault.target)
            write_until_full()
        complaints = self._complaints()

        def make_room() -> None:
            give_back()
            self._end_if_stuck()

        return self._once_felt("stream", lambda: self._complaints() > complaints, make_room)

    def _end_if_stuck(self) -> None:
        """Kill a PostgreSQL that has room again, and neither ends nor lets anybody in.

        As a rule it ends when its start finds no room, and is started again. PostgreSQL 18 was seen
        to stay instead; whoever operates it kills it then.
        """
        deadline = time.monotonic() + _AWAITED_SECONDS
        while not self._cluster.database.is_ready():
            if time.monotonic() > deadline:
                self._cluster.signal("postgres", signal.SIGKILL)
                return
            self._cluster.tend()
            time.sleep(0.1)

    def _once_felt(self, feeling: str, felt: Callable[[], bool], give_back: End) -> End:
        def end() -> None:
            self._await(felt, f"{feeling} to feel it")
            give_back()

        return end

    def _complaints(self) -> int:
        return self._cluster.log_of("stream").count(_BATCH_WAITS)

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

    def _second_stream(self, fault: Fault) -> End:
        self._cluster.start_second_stream()
        if fault.target == REFUSED:
            second = self._cluster.children["second"]
            return lambda: self._await(lambda: not second.is_running(), "the second to refuse")
        return lambda: self._cluster.signal("second", signal.SIGKILL)

    def _die_at(self, fault: Fault) -> None:
        self._cluster.fail_at = fault.target
        self._cluster.signal("stream", signal.SIGKILL)

    def _await(self, ready: Callable[[], bool], what: str) -> None:
        """Wait until a fault has had its effect."""
        deadline = time.monotonic() + _AWAITED_SECONDS
        while not ready():
            if time.monotonic() > deadline:
                raise SetupError(f"waited {_AWAITED_SECONDS:.0f} s in vain for {what}")
            self._cluster.tend()
            time.sleep(0.1)


def _release(held: ExitStack) -> None:
    try:
        held.close()
    except psycopg.Error:
        return  # the server went away meanwhile, and the lock with it
