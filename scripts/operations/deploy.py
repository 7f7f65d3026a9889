"""Brings a release to a place: checks first, then the lock, the files, the images, the gate; and
back to the release before where the gate stays shut."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from scripts.embedded.layout import ROOT
from scripts.operations import commands, provision
from scripts.operations.errors import OperationError
from scripts.operations.gate import await_health
from scripts.operations.place import HOST_DIRECTORY
from scripts.operations.preflight import preflight
from scripts.operations.session import Session

GATE_SECONDS = 420
RELEASES_KEPT = 5
IMAGES = ("build", "send")


@dataclass(frozen=True)
class Release:
    """A commit under the name that its folder and its images carry."""

    commit: str
    name: str

    @property
    def folder(self) -> str:
        """Where it lies on the host."""
        return f"{HOST_DIRECTORY}/releases/{self.name}"


def prepared(
    session: Session, reference: str, images: str, with_ansible: bool, reason: str, seconds: int
) -> Callable[[], None]:
    """Return the deploy to a place, with what was asked for looked at. Raises OperationError."""
    if not session.place.is_remote:
        return lambda: deploy_here(session, reason, seconds)
    if images not in IMAGES:
        raise OperationError(f"--images is {images!r}; it must be one of {', '.join(IMAGES)}")
    release = new_release(session, reference)

    def deploy() -> None:
        if with_ansible:
            provision.provision(session.place.name, check=False)
        deploy_there(session, release, images, reason, seconds)

    return deploy


def deploy_here(session: Session, reason: str, seconds: int) -> None:
    """Build and start this machine's own stack from the checkout."""
    preflight(session)
    with session.locked("deploy", reason):
        session.say("building and starting; the first time takes minutes")
        if session.shell.show(commands.up(session.place, build=True)) != 0:
            raise OperationError("docker compose up failed; see above")
        await_health(session, seconds)


def new_release(session: Session, reference: str) -> Release:
    """Return the release of a commit, named by this moment. Raises OperationError."""
    done = subprocess.run(
        ["git", "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise OperationError(f"{reference!r} is not a commit of this repository")
    commit = done.stdout.strip()
    return Release(commit, f"{session.now():%Y%m%dT%H%M%SZ}-{commit[:7]}")


def deploy_there(
    session: Session, release: Release, images: str, reason: str, seconds: int
) -> None:
    """Bring a release to a host; on failure the one before runs again. Raises OperationError."""
    preflight(session)
    with session.locked(f"deploy {release.name}", reason):
        before = current(session)
        session.say(f"release {release.name}; the one before is {before or 'none'}")
        _unpack(session, release)
        (_build if images == "build" else _send_images)(session, release)
        try:
            switch(session, release.name, seconds)
        except OperationError as error:
            if not before:
                raise
            session.say(f"{error}\nrolling back to {before}")
            # However short the new one's time was: this one must run.
            switch(session, before, max(seconds, GATE_SECONDS))
            # No rollback must ever come upon it.
            session.run(f"mv {release.folder} {HOST_DIRECTORY}/releases/.failed-{release.name}")
            first = str(error).splitlines()[0]
            raise OperationError(
                f"{release.name} failed and {before} runs again: {first}"
            ) from None
        _prune(session)


def current(session: Session) -> str:
    """Return the name of the release that runs, or nothing."""
    link = commands.of_file("readlink", f"{HOST_DIRECTORY}/current")
    return session.run(link).strip().rpartition("/")[2]


def releases(session: Session) -> list[str]:
    """Return the releases that are kept, oldest first."""
    return sorted(session.run(f"ls -1 {HOST_DIRECTORY}/releases").split())


def switch(session: Session, name: str, seconds: int) -> None:
    """Make a release the current one and wait until it is well. Raises OperationError."""
    here = f"{HOST_DIRECTORY}/current"
    folder = f"{HOST_DIRECTORY}/releases/{name}"
    session.run(f"ln -sfn {shlex.quote(folder)} {here}.new && mv -T {here}.new {here}")
    code, printed = session.shell.code(commands.up(session.place, build=False))
    if code != 0:
        # What waits for a part that failed is never started, so there is nothing to wait for; the
        # gate says which it is, with its log.
        seconds = 0
        last = (printed.strip().splitlines() or ["no word"])[-1]
        session.say(f"docker compose up ended with {code}: {last}")
    await_health(session, seconds)


def roll_back(session: Session, to: str, reason: str, seconds: int) -> str:
    """Run an earlier release again; return its name. Raises OperationError."""
    with session.locked("rollback", reason):
        kept, running = releases(session), current(session)
        earlier = [name for name in kept if name < running]
        target = to or (earlier[-1] if earlier else "")
        if target not in kept or target == running:
            raise OperationError(
                f"there is no release {to or 'before this one'}; there are {', '.join(kept)}"
            )
        switch(session, target, seconds)
        return target


def _unpack(session: Session, release: Release) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "release.tar.gz"
        command = ["git", "archive", "--format=tar.gz", f"--output={archive}", release.commit]
        subprocess.run(command, cwd=ROOT, check=True)
        there = f"{HOST_DIRECTORY}/releases/.{release.name}.tar.gz"
        session.shell.send(archive, there)
    settings = f"TAPELINE_VERSION={release.name}\nTAPELINE_SOURCE={release.commit}\n"
    session.run(
        f"mkdir {release.folder} && tar -xzf {there} -C {release.folder} && rm {there} && "
        f"printf %s {shlex.quote(settings)} > {release.folder}/release.env"
    )


def _build(session: Session, release: Release) -> None:
    session.say("building the images there; the first time takes minutes")
    program = f"{release.folder}/scripts/operations/host-compose"
    code = session.shell.show(f"TAPELINE_RELEASE={release.folder} {program} build")
    if code != 0:
        raise OperationError("the build failed; see above")


def _send_images(session: Session, release: Release) -> None:
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
        f"docker tag {image} tapeline/{_service(name)}:{release.name}"
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


def _prune(session: Session) -> None:
    kept, running = releases(session), current(session)
    for name in [one for one in kept[:-RELEASES_KEPT] if one != running]:
        session.run(
            f"rm -rf {HOST_DIRECTORY}/releases/{name} && docker image ls --format "
            f"'{{{{.Repository}}}}:{{{{.Tag}}}}' | grep -F ':{name}' | xargs -r docker image rm"
        )
