"""Starts the pipeline's processes, watches them, and ends every one of them.

A child never outlives its parent: the kernel sends it a signal when the parent dies, however
that happens. Each child leads its own session, so that a Ctrl-C in the terminal
reaches only the parent, which then stops the children in order.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.launcher.errors import SetupError
from scripts.local_stack.servers import process_table
from scripts.local_stack.servers.process_table import in_session

_POLL_SECONDS = 0.1
_LAST_LINES = 12
# As in the images, where services/Dockerfile tells why.
_MEMORY = {"MALLOC_ARENA_MAX": "2"}
_PR_SET_CHILD_SUBREAPER = 36  # of linux/prctl.h


@dataclass(frozen=True)
class Command:
    """A process to start. `orphan_signal` is what the kernel sends it when its parent dies (once
    for each thread that the parent had); `as_user` are options of setpriv for another user."""

    name: str
    arguments: Sequence[str]
    log: Path
    environment: Mapping[str, str] | None = None
    directory: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM
    as_user: Sequence[str] = ()


@dataclass(frozen=True)
class Child:
    """A started process."""

    command: Command
    process: subprocess.Popen[bytes]

    @property
    def name(self) -> str:
        """Return the name under which it was started."""
        return self.command.name

    def is_running(self) -> bool:
        """Return whether the process itself still runs."""
        return self.process.poll() is None

    def failure(self) -> SetupError:
        """Return an error that says how the process ended and what it logged last."""
        code = self.process.poll()
        return SetupError(
            f"{self.name} ended with exit code {code}; the end of {self.command.log}:\n"
            + last_lines(self.command.log)
        )


def start(command: Command) -> Child:
    """Start the process; call from the main thread, whose end is what the kernel watches."""
    command.log.parent.mkdir(parents=True, exist_ok=True)
    wrapper = ["setpriv", "--pdeathsig", command.orphan_signal.name.removeprefix("SIG")]
    with command.log.open("ab") as log:
        process = subprocess.Popen(
            [*wrapper, *command.as_user, "--", *command.arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**_MEMORY, **(os.environ if command.environment is None else command.environment)},
            cwd=command.directory,
            start_new_session=True,
        )
    return Child(command, process)


def run(command: Command, timeout_seconds: float) -> None:
    """Run the process to its end. Raises SetupError if it fails or takes too long."""
    child = start(command)
    try:
        code = child.process.wait(timeout_seconds)
    except subprocess.TimeoutExpired:
        raise SetupError(
            f"{child.name} did not finish within {timeout_seconds:.0f} s; "
            f"the end of {command.log}:\n{last_lines(command.log)}"
        ) from None
    finally:
        stop([child], grace_seconds=2)
    if code != 0:
        raise child.failure()


def wait_until(ready: Callable[[], bool], child: Child, timeout_seconds: float) -> None:
    """Wait until `ready`. Raises SetupError if the child ends before, or time runs out."""
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        if not child.is_running():
            raise child.failure()
        if time.monotonic() > deadline:
            raise SetupError(
                f"{child.name} was not ready within {timeout_seconds:.0f} s; "
                f"the end of {child.command.log}:\n{last_lines(child.command.log)}"
            )
        time.sleep(_POLL_SECONDS)


def stop(children: Iterable[Child], grace_seconds: float) -> None:
    """Ask the children to stop, all at once, and kill what is left of them after the grace."""
    children = list(children)
    for child in children:
        if child.is_running():
            child.process.send_signal(child.command.stop_signal)
    deadline = time.monotonic() + grace_seconds
    for child in children:
        try:
            child.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
    while (left := _left_behind(children)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _left_behind(children: Iterable[Child]) -> set[int]:
    """Return what the children started and left running; each leads a session of its own."""
    entries = process_table.running()
    return {pid for child in children for pid in in_session(child.process.pid, entries)}


def adopt_orphans() -> None:
    """Become the parent of whatever a child leaves behind, in place of the system's first
    process, so that `end_orphans` finds all of it."""
    if ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def end_orphans() -> None:
    """Kill and bury every process that descends from this one; call it when all are stopped."""
    own = os.getpid()
    while left := process_table.descendants(own, process_table.running()) - {own}:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass


def last_lines(log: Path) -> str:
    """Return the end of a log, indented."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
    return "\n".join(f"  {line}" for line in lines)
