"""A real Kubernetes on this machine for as long as it is wanted: programs and images in, nodes out.

Two nodes and the control plane are each in namespaces of their own on one Linux machine, of which
nothing changes. Needs root, and control groups of version 1. NetworkPolicies are stored but not
enforced: the network between the pods is a plain bridge.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from scripts.containers import programs as system
from scripts.kubernetes_cluster import certificates, nodes
from scripts.kubernetes_cluster.client_programs import client
from scripts.kubernetes_cluster.nodes import NODES
from scripts.kubernetes_cluster.server_programs import server_programs
from scripts.launcher.errors import SetupError
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.processes import Child, Command

_NEEDS: Final = ("containerd", "runc", "ctr", "curl", "ip", "nft", "nsenter", "openssl", "unshare")
_NAMESPACES: Final = ("-n", "-m", "-u", "-p", "-f", "--mount-proc", "--kill-child=SIGKILL")
_START_SECONDS: Final = 1200.0


@dataclass(frozen=True)
class Cluster:
    """A cluster that runs. `host` is the process whose network its API server is on."""

    state: Path
    host: int
    variables: Mapping[str, str] = field(repr=False)
    group: str
    running: dict[str, Child]

    def start(self, node: str) -> None:
        """Start a node, with the disk that it had before."""
        child = nodes.start(self.state, self.group, node, self.variables)
        self.running[node] = child
        nodes.connect(self.host, child, node)

    def kill(self, node: str) -> None:
        """End a node as a loss of power does."""
        child = self.running.pop(node)
        child.process.kill()
        child.process.wait()

    def run(
        self, program: str, *arguments: str, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run `helm` or `kubectl` as the cluster's administrator, with `given` to read."""
        return subprocess.run(
            [*nodes.within(self.host), str(client(program, self.variables)), *arguments],
            env={**self.variables, **self._told()},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )

    def ask(self, *arguments: str) -> Any:
        """Return what kubectl says in JSON. Raises SetupError."""
        done = self.run("kubectl", *arguments, "--output=json")
        if done.returncode != 0:
            raise SetupError(f"kubectl {' '.join(arguments)}: {done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def write_clients(self, folder: Path) -> None:
        """Write programs `kubectl` and `helm` that speak to the cluster, for whoever types."""
        folder.mkdir(parents=True, exist_ok=True)
        told = " ".join(f"{name}={value}" for name, value in self._told().items())
        for name in ("kubectl", "helm"):
            program = f"{' '.join(nodes.within(self.host))} {client(name, self.variables)}"
            text = f'#!/bin/sh\nexec env {told} {program} "$@"\n'
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(0o755)

    def _told(self) -> dict[str, str]:
        """Where the server is, and that nothing of it is remembered in the user's home."""
        configuration, cache = self.state / "pki" / "admin.conf", self.state / "cache"
        return {"KUBECONFIG": str(configuration), "KUBECACHEDIR": str(cache)}


@contextmanager
def cluster(state: Path, archives: Path, variables: Mapping[str, str]) -> Iterator[Cluster]:
    """Yield a cluster whose nodes have the images of the archives; it ends with the block.

    The folder `state` is filled and must not be there yet. Raises SetupError.
    """
    _require_machine()
    own = {
        **variables,
        "PROGRAMS": str(server_programs(variables)),
        "STATE": str(state),
        "IMAGES": str(archives),
        "PATH": f"{variables.get('PATH', '')}:/usr/sbin:/sbin",
    }
    certificates.make(state / "pki", tuple(NODES))
    group = f"tapeline-{secrets.token_hex(4)}"
    running: dict[str, Child] = {}
    control = _start_control_plane(state, own)
    try:
        ready = Cluster(state, nodes.first_process(control), own, group, running)
        for node in NODES:
            ready.start(node)
        _wait(ready, control, _nodes_ready, "the nodes are not ready")
        _wait(ready, control, _has_account, "there is no default service account")
        yield ready
    finally:
        for child in (*running.values(), control):
            child.process.kill()
            child.process.wait()
        nodes.remove_groups(group)
        shutil.rmtree(state, ignore_errors=True)


def _require_machine() -> None:
    if os.geteuid() != 0:
        raise SetupError("a cluster needs root, for namespaces and control groups")
    nodes.require_groups()
    missing = [name for name in _NEEDS if system.find(name) is None]
    if missing:
        raise SetupError(
            f"missing: {', '.join(missing)}; "
            "install containerd, curl, iproute2, nftables, openssl, runc, util-linux"
        )


def _start_control_plane(state: Path, variables: Mapping[str, str]) -> Child:
    script = str(Path(__file__).with_name("control_plane.sh"))
    return processes.start(
        Command(
            name="control plane",
            arguments=["unshare", *_NAMESPACES, script],
            log=state / "control-plane.log",
            environment=variables,
        )
    )


def _nodes_ready(found: Cluster) -> bool:
    done = found.run("kubectl", "get", "nodes", "--no-headers")
    lines = done.stdout.splitlines()
    return sum(line.split()[1:2] == ["Ready"] for line in lines) == len(NODES)


def _has_account(found: Cluster) -> bool:
    return found.run("kubectl", "get", "serviceaccount", "default").returncode == 0


def _wait(found: Cluster, control: Child, is_so: Callable[[Cluster], bool], otherwise: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while not is_so(found):
        for child in (control, *found.running.values()):
            if not child.is_running():
                raise child.failure()
        if time.monotonic() > deadline:
            raise SetupError(f"{otherwise} after {_START_SECONDS:g} s")
        time.sleep(0.5)
