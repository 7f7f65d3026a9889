"""Starts a cluster that outlives the command, and ends it: the commands `up` and `down`.

`up` leaves a process behind, `hold`, whose children the cluster is; `down` ends that one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from scripts.containers import programs
from scripts.kubernetes_cluster import images, options
from scripts.kubernetes_cluster.cluster import cluster
from scripts.kubernetes_cluster.server_programs import server_programs
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import CACHE, ROOT
from scripts.launcher.progress import say
from scripts.local_stack.servers.processes import last_lines
from services.common.process.stopping import stop_on_signals

SERVICES: Final = (
    *("kafka", "topics", "simulator", "producer", "migrate", "stream", "dashboard", "alerts"),
    "postgres",
)
"""The images that the chart and a database for it need."""
_FOLDER: Final = CACHE / "cluster"
_PID, _READY, _LOG = _FOLDER / "pid", _FOLDER / "ready", _FOLDER / "log"


def up(names: str) -> None:
    """Start a cluster and wait until it is ready. Raises SetupError."""
    if _holder() is not None:
        raise SetupError("a cluster of this checkout runs; end it by scripts/cluster down")
    host = programs.docker_host(os.environ)
    if not programs.engine_answers(host):
        raise SetupError(f"no Docker engine answers at {host}; start it, or set DOCKER_HOST")
    server_programs(os.environ)
    shutil.rmtree(_FOLDER, ignore_errors=True)
    _FOLDER.mkdir(parents=True)
    with _LOG.open("wb") as log:
        holder = subprocess.Popen(
            [sys.executable, "-P", "-m", __spec__.name, "hold", "--images", names],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _PID.write_text(str(holder.pid), encoding="ascii")
    say("starting two nodes, and bringing the images to them (some minutes)")
    while not _READY.exists():
        if holder.poll() is not None:
            raise SetupError(f"the cluster did not start:\n{last_lines(_LOG)}")
        time.sleep(0.2)
    say(f"ready: {_FOLDER}/bin/kubectl and {_FOLDER}/bin/helm speak to it")


def hold(names: str) -> None:
    """Be a cluster until SIGTERM."""
    stopping = stop_on_signals()
    with tempfile.TemporaryDirectory(dir=_FOLDER) as folder:
        pause = server_programs(os.environ) / "pause"
        wanted = [f"{names}/{one}:0.1.0" for one in SERVICES]
        images.save(programs.docker_host(os.environ), wanted, pause, Path(folder))
        with cluster(_FOLDER / "state", Path(folder), os.environ) as running:
            running.write_clients(_FOLDER / "bin")
            _READY.touch()
            stopping.wait()


def down() -> None:
    """End the cluster, if there is one."""
    pid = _holder()
    if pid is None:
        say("no cluster of this checkout runs")
    else:
        os.kill(pid, signal.SIGTERM)
        while _holder() is not None:
            time.sleep(0.1)
        say("the cluster has ended")
    shutil.rmtree(_FOLDER, ignore_errors=True)


def _holder() -> int | None:
    """Return the process that holds the cluster, and not another under its number."""
    try:
        pid = int(_PID.read_text(encoding="ascii"))
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if __spec__.name.encode() in command else None


def main() -> int:
    """Run from the command line; return the exit code."""
    if sys.argv[1:2] == ["hold"]:
        hold(sys.argv[3])
        return 0
    chosen = options.parse()
    try:
        up(chosen.images) if chosen.action == "up" else down()
    except SetupError as error:
        say(f"scripts/cluster: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
