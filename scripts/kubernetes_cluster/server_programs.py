"""Brings Kubernetes' own programs, built once from the Go modules that are pinned here.

Kubernetes publishes them on servers of its own and in an image registry; its modules and etcd's are
what the Go module proxy has.
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

MODULE: Final = Path(__file__).with_name("modules") / "kubernetes"
KUBERNETES: Final = "k8s.io/kubernetes"
PACKAGES: Final[Mapping[str, str]] = {
    # What is cheap comes first: its faults are known before the long one begins.
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": f"{KUBERNETES}/cmd/kube-apiserver",
}


def server_programs(variables: Mapping[str, str]) -> Path:
    """Return the folder with all of them as the module pins them. Raises SetupError.

    What is built stays, so that a build that was ended goes on with the next program.
    """
    wanted = go_tool.pinned(MODULE, KUBERNETES)
    pinned = hashlib.sha256((MODULE / "go.sum").read_bytes()).hexdigest()[:12]
    folder = user_cache(variables) / f"kubernetes-{wanted}-{pinned}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        missing = [name for name in PACKAGES if not (folder / name).exists()]
        if missing:
            say(f"building Kubernetes {wanted} from its Go modules (once, 5 to 15 minutes)")
            # All in one: they share what they are made of.
            with tempfile.TemporaryDirectory(dir=folder) as fresh:
                for name in missing:
                    say(f"building {name}")
                    _build(Path(fresh) / name, wanted, variables).replace(folder / name)
    return folder


def _build(program: Path, wanted: str, variables: Mapping[str, str]) -> Path:
    major, minor = wanted.removeprefix("v").split(".")[:2]
    facts = {"gitVersion": wanted, "gitMajor": major, "gitMinor": minor}
    stamp = " ".join(f"-X k8s.io/component-base/version.{k}={v}" for k, v in facts.items())
    static = {**variables, "CGO_ENABLED": "0"}
    return go_tool.build(program, MODULE, PACKAGES[program.name], static, stamp)
