"""The images of a release: built on the host, or those of this machine sent there."""

from __future__ import annotations

import hashlib
import json
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.launcher.paths import ROOT
from scripts.operations.errors import OperationError
from scripts.operations.hosts import host_settings
from scripts.operations.operation import Operation
from scripts.operations.target import HOST_DIRECTORY

_STARTED_WITH = ("User", "Env", "Cmd", "Entrypoint", "WorkingDir", "Labels", "StopSignal")


@dataclass(frozen=True)
class Release:
    """A commit under the name that its folder and its images carry."""

    commit: str
    name: str

    @property
    def folder(self) -> str:
        """Where it lies on the host."""
        return f"{HOST_DIRECTORY}/releases/{self.name}"


def named(service: str, release: str) -> str:
    """Return the name of a service's image on the host."""
    return f"tapeline/{service}:{release}"


def build(operation: Operation, release: Release) -> None:
    """Build them there. Raises OperationError."""
    operation.say("building the images there; the first time takes minutes")
    program = f"{release.folder}/scripts/operations/hosts/host-compose"
    code = operation.shell.show(f"TAPELINE_RELEASE={release.folder} {program} build")
    if code != 0:
        raise OperationError("the build failed; see above")


def send(operation: Operation, release: Release) -> None:
    """Send those of this machine's images that the host lacks, and name them as the release's."""
    outputs = operation.outputs
    local = local_images(() if outputs is None else host_settings.profiles(outputs))
    there = _there(operation)
    missing = sorted(name for name, content in local.items() if content not in there)
    if missing:
        operation.say(f"sending {', '.join(_service(name) for name in missing)}")
        with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
            archive = Path(folder) / "images.tar"
            subprocess.run(["docker", "save", "--output", archive, *missing], check=True)
            target = f"{HOST_DIRECTORY}/releases/.images.tar"
            operation.shell.send(archive, target)
            operation.run(f"docker load --quiet --input {target} && rm {target}")
        there = _there(operation)
    names = [
        f"docker tag {there[content]} {named(_service(name), release.name)}"
        for name, content in sorted(local.items())
    ]
    operation.run(" && ".join(names))


def contents(inspected: str) -> dict[str, str]:
    """Return each image that `docker image inspect` told of: its content, and its id there.

    The id of one and the same image differs between an engine's image stores (it is that of its
    manifest or that of its configuration); its layers and what it is started with do not.
    """
    found = {}
    for image in json.loads(inspected):
        config = image["Config"]
        started = {key: config.get(key) or None for key in _STARTED_WITH}
        told = json.dumps([image["RootFS"]["Layers"], started], sort_keys=True)
        found[hashlib.sha256(told.encode()).hexdigest()] = image["Id"]
    return found


def _there(operation: Operation) -> dict[str, str]:
    listed = "docker image ls --quiet | sort -u | xargs -r docker image inspect"
    return contents(operation.run(listed) or "[]")


def local_images(profiles: Sequence[str] = ()) -> dict[str, str]:
    """Return the images of our own that this checkout's compose file names, each with its content.

    Another's is named by its digest: the host fetches that itself.
    """
    words = [word for one in profiles for word in ("--profile", one)]
    listed = subprocess.run(
        ["docker", "compose", *words, "config", "--images"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        raise OperationError(f"docker compose config: {listed.stderr.strip()}")
    found = {}
    for name in sorted({name for name in listed.stdout.split() if "@" not in name}):
        done = subprocess.run(
            ["docker", "image", "inspect", name], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            build = shlex.join(["docker", "compose", *words, "build"])
            raise OperationError(f"there is no image {name} here; run `{build}`")
        (found[name],) = contents(done.stdout)
    return found


def _service(image: str) -> str:
    return image.rpartition("/")[2].partition(":")[0]
