"""The images of a release: built on the host, or those of this machine sent there."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.embedded.layout import ROOT
from scripts.operations.errors import OperationError
from scripts.operations.place import HOST_DIRECTORY
from scripts.operations.session import Session


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


def build(session: Session, release: Release) -> None:
    """Build them there. Raises OperationError."""
    session.say("building the images there; the first time takes minutes")
    program = f"{release.folder}/scripts/operations/host-compose"
    code = session.shell.show(f"TAPELINE_RELEASE={release.folder} {program} build")
    if code != 0:
        raise OperationError("the build failed; see above")


def send(session: Session, release: Release) -> None:
    """Send those of this machine's images that the host lacks, and name them as the release's."""
    is_shown = session.outputs is not None and bool(session.outputs.dashboard_cidrs)
    local = local_images(("front",) if is_shown else ())
    there = set(session.run("docker image ls --no-trunc --quiet").split())
    missing = sorted({name for name, image in local.items() if image not in there})
    if missing:
        session.say(f"sending {', '.join(name.rpartition('/')[2] for name in missing)}")
        with tempfile.TemporaryDirectory(dir=ROOT / ".cache") as folder:
            archive = Path(folder) / "images.tar"
            subprocess.run(["docker", "save", "--output", archive, *missing], check=True)
            target = f"{HOST_DIRECTORY}/releases/.images.tar"
            session.shell.send(archive, target)
            session.run(f"docker load --quiet --input {target} && rm {target}")
    names = [
        f"docker tag {image} {named(_service(name), release.name)}"
        for name, image in sorted(local.items())
    ]
    session.run(" && ".join(names))


def local_images(profiles: Sequence[str] = ()) -> dict[str, str]:
    """Return the images that this checkout's compose file names, each with its id."""
    words = [word for one in profiles for word in ("--profile", one)]
    listed = subprocess.run(
        ["docker", "compose", *words, "config", "--images"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if listed.returncode != 0:
        raise OperationError(f"docker compose config: {listed.stderr.strip()}")
    found = {}
    for name in sorted({*listed.stdout.split()}):
        done = subprocess.run(
            ["docker", "image", "inspect", "--format", "{{.Id}}", name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            build = shlex.join(["docker", "compose", *words, "build"])
            raise OperationError(f"there is no image {name} here; run `{build}`")
        found[name] = done.stdout.strip()
    return found


def _service(image: str) -> str:
    return image.rpartition("/")[2].partition(":")[0]
