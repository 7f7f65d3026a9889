"""Runs a Docker engine of the project's own where none runs, and stops it by its process.

Everything of it lies apart from a machine's own engine: images in the user's cache, so that they
are still there the next time, its socket and its processes' files in a folder under /run.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.containers import programs
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import user_cache
from scripts.launcher.progress import say
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.processes import Child, Command
from tests.support import firewall

_RUN = Path("/run/tapeline-engine")
_ONE_SHARE, _SHARES = 1024, 4096
_START_SECONDS = 90.0
_STOP_SECONDS = 120.0


class NoEngineError(SetupError):
    """No engine runs here, and whoever asks may not start one."""


@dataclass
class Engine:
    """An engine that answers at `host`; `own` is the process if it is ours."""

    host: str
    start_again: Command | None = None
    own: Child | None = None

    @property
    def is_ours(self) -> bool:
        """Return whether this run started the engine, and may restart it."""
        return self.own is not None

    def restart(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End our engine with a signal and start it again; what it ran comes back by itself."""
        if self.own is None or self.start_again is None:
            raise SetupError("the engine is not ours to restart")
        self.own.process.send_signal(number)
        self.own.process.wait(_STOP_SECONDS)
        self.own = _start(self.start_again, self.host)


@contextmanager
def engine(variables: Mapping[str, str]) -> Iterator[Engine]:
    """Yield the engine that runs here, or one that runs as long as this.

    Raises NoEngineError, SetupError.
    """
    running = programs.docker_host(variables)
    if programs.engine_answers(running):
        yield Engine(running)
        return
    if os.geteuid() != 0:
        raise NoEngineError(f"no Docker engine answers at {running}; start it, or become root")
    programs.ensure("dockerd", "iptables", variables=variables)
    programs.ensure("docker", variables=variables)  # a package of its own since Debian 13
    _RUN.mkdir(mode=0o700, exist_ok=True)
    with (_RUN / "lock").open("w") as lock:
        _take(lock.fileno())
        _await_end(_RUN / "pid")
        host, command = f"unix://{_RUN}/docker.sock", _command(variables)
        rules = firewall.read_rules()
        _weigh(_SHARES)
        child = _start(command, host)
        own = Engine(host, command, child)
        try:
            yield own
        finally:
            _weigh(_ONE_SHARE)
            child = own.own or child
            child.process.send_signal(signal.SIGTERM)
            child.process.wait(_STOP_SECONDS)
            shutil.rmtree(_RUN / "exec", ignore_errors=True)
            firewall.restore(rules)


def _command(variables: Mapping[str, str]) -> Command:
    data = user_cache(variables) / "engine"
    data.mkdir(mode=0o711, parents=True, exist_ok=True)
    return Command(
        name="dockerd",
        arguments=[
            programs.require("dockerd"),
            f"--data-root={data}",
            f"--exec-root={_RUN}/exec",
            f"--pidfile={_RUN}/pid",
            f"--host=unix://{_RUN}/docker.sock",
        ],
        log=user_cache(variables) / "engine.log",
        environment={**variables, "PATH": f"{variables.get('PATH', '')}:/usr/sbin:/sbin"},
    )


def _weigh(shares: int) -> None:
    """Set what part of a busy processor all containers together get: by default that of one
    process, beside which a platform of eight services starves. (Where groups are of version 2,
    the machine's own way of sharing stays.)
    """
    groups = Path("/sys/fs/cgroup/cpu")
    if groups.is_dir():
        (groups / "docker").mkdir(exist_ok=True)
        (groups / "docker" / "cpu.shares").write_text(str(shares), encoding="ascii")


def _start(command: Command, host: str) -> Child:
    child = processes.start(command)
    processes.wait_until(lambda: programs.engine_answers(host), child, _START_SECONDS)
    return child


def _take(lock: int) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another run has the engine; waiting for it")
        begin = time.monotonic()
        fcntl.flock(lock, fcntl.LOCK_EX)
        say(f"waited {time.monotonic() - begin:.0f} s")


def _await_end(pid_file: Path) -> None:
    """Wait for the engine of a run that was killed; it ends a little after that run."""
    deadline = time.monotonic() + _STOP_SECONDS
    while is_served(pid_file) and time.monotonic() < deadline:
        time.sleep(0.2)


def is_served(pid_file: Path) -> bool:
    """Return whether the engine of this file runs, and not another process under its number."""
    try:
        command = Path("/proc", pid_file.read_text("ascii").strip(), "cmdline").read_bytes()
    except OSError:
        return False
    return str(pid_file).encode() in command
