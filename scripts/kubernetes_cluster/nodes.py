"""Starts a node of the cluster in namespaces of its own, and puts a cable to it.

A node's control groups are below this session's own in every hierarchy, and go with the cluster.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scripts.containers import programs as system
from scripts.kubernetes_cluster.certificates import API_ADDRESS
from scripts.launcher.errors import SetupError
from scripts.local_stack.servers import processes
from scripts.local_stack.servers.processes import Child, Command

NODES: Final = {"n1": "zone-a", "n2": "zone-b"}
"""The nodes and their zones."""
_GROUPS: Final = Path("/sys/fs/cgroup")
_START_SECONDS: Final = 600.0
_STOP_SECONDS: Final = 60.0


def require_groups() -> None:
    """Raise SetupError unless control groups are as the kubelet of a node takes them."""
    if not (_GROUPS / "memory").is_dir():
        raise SetupError("a cluster needs control groups of version 1; this machine has others")


def start(state: Path, group: str, node: str, variables: Mapping[str, str]) -> Child:
    """Start a node, whose files are in the folder `state` and stay there when it ends."""
    own = {
        "NODE": node,
        "ZONE": NODES[node],
        "PLACE": str(_place(node)),
        "NODES": str(len(NODES)),
        "GROUP": f"{group}-{node}",
    }
    return processes.start(
        Command(
            name=f"node {node}",
            arguments=[str(Path(__file__).with_name("enter_node.sh"))],
            log=state / f"{node}.log",
            environment={**variables, **own},
        )
    )


def connect(host: int, child: Child, node: str) -> None:
    """Put a cable between the bridge of the control plane, `host`, and the node."""
    ip = [*within(host), system.require("ip")]

    def has_bridge() -> bool:
        shown = subprocess.run([*ip, "link", "show", "br0"], capture_output=True, check=False)
        return shown.returncode == 0

    processes.wait_until(has_bridge, child, _START_SECONDS)
    peer = ("type", "veth", "peer", "name", "eth0", "netns", str(first_process(child)))
    pods = f"10.244.{_place(node)}.0/24"
    for command in (
        ("link", "add", f"to-{node}", *peer),
        ("link", "set", f"to-{node}", "master", "br0", "up"),
        ("route", "replace", pods, "via", f"{API_ADDRESS}{_place(node)}"),
    ):
        system.run([*ip, *command], {})


def within(host: int) -> list[str]:
    """Return what a command begins with to run on the network of a process."""
    return [system.require("nsenter"), "--target", str(host), "--net"]


def first_process(child: Child) -> int:
    """Return the first process of the namespaces that a child has made, once it is there."""
    pid = child.process.pid
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    found: list[str] = []

    def is_there() -> bool:
        found[:] = listed.read_text("ascii").split()
        inside = bool(found) and Path(f"/proc/{pid}/exe").resolve().name == "unshare"
        return inside and _network(found[0]) not in {"", _network("self")}

    processes.wait_until(is_there, child, _START_SECONDS)
    return int(found[0])


def remove_groups(group: str) -> None:
    """Remove what the nodes have left in each hierarchy, once their processes are gone."""
    deadline = time.monotonic() + _STOP_SECONDS
    for top in [*_GROUPS.glob(f"**/{group}-*")]:
        for one in sorted(top.glob("**/"), key=lambda found: -len(found.parts)):
            while (one / "cgroup.procs").read_text("ascii") and time.monotonic() < deadline:
                time.sleep(0.1)
            one.rmdir()


def _network(process: str) -> str:
    try:
        return str(Path(f"/proc/{process}/ns/net").readlink())
    except FileNotFoundError:
        return ""


def _place(node: str) -> int:
    return 1 + [*NODES].index(node)
