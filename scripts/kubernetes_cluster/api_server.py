"""A real API server of Kubernetes for as long as it is wanted: programs in, kubectl and helm out.

It judges and stores whatever it is given, by its own schemas and admission, Pod Security among
them. No node is there and no controller, so nothing of it runs. Needs root, for namespaces.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.containers import programs as system
from scripts.kubernetes_cluster import certificates
from scripts.kubernetes_cluster.client_programs import client
from scripts.kubernetes_cluster.server_programs import server_programs
from scripts.launcher.errors import SetupError
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.processes import Child, Command

_NEEDS: Final = ("ip", "nsenter", "openssl", "unshare")
_NAMESPACES: Final = ("-n", "-m", "-u", "-p", "-f", "--mount-proc", "--kill-child=SIGKILL")
_START_SECONDS: Final = 600.0


@dataclass(frozen=True)
class ApiServer:
    """It runs: `host` is the process whose network it is on, `state` its folder."""

    state: Path
    host: int
    variables: Mapping[str, str]

    def run(
        self, program: str, *arguments: str, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run `helm` or `kubectl` as its administrator, with `given` to read."""
        return subprocess.run(
            [*self._within(), str(client(program, self.variables)), *arguments],
            env={**self.variables, **self._told()},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def write_clients(self, folder: Path) -> None:
        """Write programs `kubectl` and `helm` that speak to it, for whoever types."""
        folder.mkdir(parents=True, exist_ok=True)
        told = " ".join(f"{name}={value}" for name, value in self._told().items())
        for name in ("kubectl", "helm"):
            program = f"{' '.join(self._within())} {client(name, self.variables)}"
            text = f'#!/bin/sh\nexec env {told} {program} "$@"\n'
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o755)

    def _within(self) -> list[str]:
        return [system.require("nsenter"), "--target", str(self.host), "--net"]

    def _told(self) -> dict[str, str]:
        """Where the server is, and that nothing of it is remembered in the user's home."""
        configuration, cache = self.state / "pki" / "admin.conf", self.state / "cache"
        return {"KUBECONFIG": str(configuration), "KUBECACHEDIR": str(cache)}


@contextmanager
def api_server(state: Path, variables: Mapping[str, str]) -> Iterator[ApiServer]:
    """Yield an API server with a namespace `default`; it ends with the block.

    The folder `state` is filled and must not be there yet. Raises SetupError.
    """
    if os.geteuid() != 0:
        raise SetupError("an API server of its own network needs root")
    missing = [name for name in _NEEDS if system.find(name) is None]
    if missing:
        raise SetupError(f"missing: {', '.join(missing)}; install iproute2, openssl, util-linux")
    programs = server_programs(variables)
    certificates.make(state / "pki")
    child = processes.start(
        Command(
            name="API server",
            arguments=["unshare", *_NAMESPACES, str(Path(__file__).with_name("api_server.sh"))],
            log=state / "log",
            environment={
                **variables,
                "PROGRAMS": str(programs),
                "STATE": str(state),
                "PATH": f"{variables.get('PATH', '')}:/usr/sbin:/sbin",
            },
        )
    )
    try:
        ready = ApiServer(state, _first_process(child), variables)
        processes.wait_until(lambda: _serves(ready), child, _START_SECONDS)
        yield ready
    finally:
        child.process.kill()
        child.process.wait()
        shutil.rmtree(state, ignore_errors=True)


def _first_process(child: Child) -> int:
    """Return the first process of the namespaces that the child has made, once it is there."""
    pid = child.process.pid
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    found: list[str] = []

    def is_there() -> bool:
        found[:] = listed.read_text("ascii").split()
        return bool(found) and _network(found[0]) not in {"", _network("self")}

    processes.wait_until(is_there, child, _START_SECONDS)
    return int(found[0])


def _network(process: str) -> str:
    try:
        return str(Path(f"/proc/{process}/ns/net").readlink())
    except FileNotFoundError:
        return ""


def _serves(found: ApiServer) -> bool:
    """Whether it is ready, and its first namespace is there."""
    asked = found.run("kubectl", "get", "--raw=/readyz")
    there = asked.returncode == 0 and asked.stdout == "ok"
    return there and found.run("kubectl", "get", "namespace", "default").returncode == 0
