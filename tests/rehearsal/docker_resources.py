"""What the package `docker` makes, made by Docker's command line: a resource's inputs in, the real
image, volume, network or container out.

Stands in for Pulumi's plugin, which is no Go module. An input that it does not carry out is an
error, so that nothing of the program's goes untried.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scripts.containers import programs
from scripts.launcher.paths import ROOT
from tests.engine.clouds.values import Values
from tests.engine.clouds.world import Maker, RefusedError

CONTAINER: Final = "docker:index/container:Container"
IMAGE: Final = "docker:index/remoteImage:RemoteImage"
NETWORK: Final = "docker:index/network:Network"
VOLUME: Final = "docker:index/volume:Volume"


@dataclass(frozen=True)
class Docker:
    """The command line at one engine."""

    host: str

    def __call__(self, *words: str, given: bytes = b"") -> str:
        """Run `docker …`; return what it printed. Raises RefusedError."""
        done = subprocess.run(
            [programs.require("docker"), "--host", self.host, *words],
            input=given, capture_output=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise RefusedError(f"docker {words[0]}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode()


@dataclass(frozen=True)
class _Kind:
    docker: Docker
    kind: str

    def is_there(self, identifier: str) -> bool:
        try:
            self.docker(self.kind, "inspect", identifier)
        except RefusedError:
            return False
        return True

    def delete(self, identifier: str) -> None:
        force = ("--force", "--volumes") if self.kind == "container" else ()
        self.docker(self.kind, "rm", *force, identifier)


class _Named(_Kind):
    """A volume or a network: all that is said of it is its name."""

    def create(self, inputs: Values) -> tuple[str, Values]:
        _require(inputs, {"name"})
        self.docker(self.kind, "create", inputs["name"])
        return inputs["name"], {}


class _Image(_Kind):
    def create(self, inputs: Values) -> tuple[str, Values]:
        _require(inputs, {"name", "build", "keepLocally"})
        _require(inputs["build"], {"context"})
        # A plugin runs in the program's folder.
        context = ROOT / "infra" / inputs["build"]["context"]
        self.docker("build", "--tag", inputs["name"], str(context))
        [found] = json.loads(self.docker("image", "inspect", inputs["name"]))
        return found["Id"], {"imageId": found["Id"]}

    def delete(self, identifier: str) -> None:
        """Leave it there, as `keepLocally` says."""


class _Container(_Kind):
    def create(self, inputs: Values) -> tuple[str, Values]:
        made = self.docker("create", *_flags(inputs), inputs["image"]).strip()
        try:
            self.docker("cp", "-", f"{made}:/", given=_archive(inputs["uploads"]))
            self.docker("start", made)
        except RefusedError:
            self.delete(made)
            raise
        return made, {}


def makers(docker: Docker) -> Mapping[str, Maker]:
    """Return who makes the resources of each type."""
    return {
        IMAGE: _Image(docker, "image"),
        NETWORK: _Named(docker, "network"),
        VOLUME: _Named(docker, "volume"),
        CONTAINER: _Container(docker, "container"),
    }


def _require(inputs: Mapping[str, Any], known: set[str]) -> None:
    if unknown := sorted({*inputs} - known):
        raise RefusedError(f"the stand-in of the package docker does not know {unknown}")


_SIMPLE: Final = {
    "name": "--name",
    "hostname": "--hostname",
    "cgroupnsMode": "--cgroupns",
    "restart": "--restart",
    "stopSignal": "--stop-signal",
}


def _flags(inputs: Values) -> list[str]:
    """Return the words for `docker create`."""
    lists: Mapping[str, Sequence[str]] = {
        "--security-opt": inputs["securityOpts"],
        "--cap-add": inputs["capabilities"]["adds"],
        "--cap-drop": inputs["capabilities"]["drops"],
        "--tmpfs": [":".join(filter(None, pair)) for pair in inputs["tmpfs"].items()],
        "--volume": [f"{one['volumeName']}:{one['containerPath']}" for one in inputs["volumes"]],
        "--network": [one["name"] for one in inputs["networksAdvanced"]],
        "--publish": [
            f"{one['ip']}:{one['external']}:{one['internal']}" for one in inputs["ports"]
        ],
    }
    elsewhere = {"securityOpts", "capabilities", "tmpfs", "volumes", "networksAdvanced", "ports"}
    _require(inputs, {*_SIMPLE, *elsewhere, "image", "uploads", "mustRun"})
    simple = [word for name, flag in _SIMPLE.items() for word in (flag, inputs[name])]
    return simple + [
        word for flag, values in lists.items() for one in values for word in (flag, one)
    ]


def _archive(uploads: Sequence[Values]) -> bytes:
    """Return the files as an archive that `docker cp` unpacks, all of them root's."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for one in uploads:
            _require(one, {"file", "content", "permissions"})
            entry = tarfile.TarInfo(os.path.relpath(one["file"], "/"))
            content = one["content"].encode()
            entry.size, entry.mode = len(content), int(one["permissions"], 8)
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
