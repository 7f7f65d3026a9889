"""Brings the programs of a Kubernetes cluster, built once from the Go modules that are pinned here.

Kubernetes publishes them on servers of its own and in an image registry; its modules, etcd's,
CoreDNS's and those of the CNI plugins are what the Go module proxy has.
"""

from __future__ import annotations

import fcntl
import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from scripts.containers import go_tool
from scripts.launcher.paths import user_cache
from scripts.launcher.progress import say

_MODULES: Final = Path(__file__).with_name("modules")
_KUBERNETES: Final = "k8s.io/kubernetes"
_CNI: Final = "github.com/containernetworking/plugins/plugins"
PACKAGES: Final[Mapping[str, tuple[str, str]]] = {
    # a program: its module and its package. What one builds is ready for the next.
    "pause": ("kubernetes", "./pause"),
    "bridge": ("kubernetes", f"{_CNI}/main/bridge"),
    "loopback": ("kubernetes", f"{_CNI}/main/loopback"),
    "host-local": ("kubernetes", f"{_CNI}/ipam/host-local"),
    "etcd": ("kubernetes", "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": ("kubernetes", f"{_KUBERNETES}/cmd/kube-apiserver"),
    "kube-controller-manager": ("kubernetes", f"{_KUBERNETES}/cmd/kube-controller-manager"),
    "kube-scheduler": ("kubernetes", f"{_KUBERNETES}/cmd/kube-scheduler"),
    "kubelet": ("kubernetes", f"{_KUBERNETES}/cmd/kubelet"),
    "kube-proxy": ("kubernetes", f"{_KUBERNETES}/cmd/kube-proxy"),
    "coredns": ("coredns", "."),
}


def server_programs(variables: Mapping[str, str]) -> Path:
    """Return the folder with all programs as the modules pin them. Raises SetupError.

    What is built stays, so that a build that was ended goes on with the next program.
    """
    wanted = go_tool.pinned(_MODULES / "kubernetes", _KUBERNETES)
    folder = user_cache(variables) / f"kubernetes-{wanted}-{_digest()}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [name for name in PACKAGES if not (folder / name).exists()]
        if missing:
            say(f"building Kubernetes {wanted} from its Go modules (once, 6 to 20 minutes)")
            # All in one: they share what they are made of.
            with tempfile.TemporaryDirectory(dir=folder) as fresh:
                for name in missing:
                    say(f"building {name}")
                    _build(Path(fresh) / name, wanted, variables).replace(folder / name)
    return folder


def _digest() -> str:
    """Return what changes whenever a pinned version or a source does."""
    pinned = hashlib.sha256()
    for file in sorted(one for one in _MODULES.rglob("*") if one.is_file()):
        pinned.update(file.read_bytes())
    return pinned.hexdigest()[:12]


def _build(program: Path, wanted: str, variables: Mapping[str, str]) -> Path:
    module, package = PACKAGES[program.name]
    major, minor = wanted.removeprefix("v").split(".")[:2]
    facts = {"gitVersion": wanted, "gitMajor": major, "gitMinor": minor}
    stamp = " ".join(f"-X k8s.io/component-base/version.{k}={v}" for k, v in facts.items())
    static = {**variables, "CGO_ENABLED": "0"}
    return go_tool.build(program, _MODULES / module, package, static, stamp)
