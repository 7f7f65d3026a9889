"""Brings a release to a target: checks first, then the lock, the files, the images, the gate; and
back to the release before where the gate stays shut."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.launcher.paths import ROOT
from scripts.operations import compose_commands
from scripts.operations.backups import postgres_upgrade
from scripts.operations.backups.postgres_upgrade import Change
from scripts.operations.errors import OperationError
from scripts.operations.hosts import allowlist, ansible
from scripts.operations.hosts.preflight import preflight
from scripts.operations.operation import Operation
from scripts.operations.releases import data_origin
from scripts.operations.releases.health_gate import await_health
from scripts.operations.releases.release_images import Release, build, named, send
from scripts.operations.target import HOST_DIRECTORY

GATE_SECONDS = 420
RELEASES_KEPT = 5
ROLLED_BACK = "tapeline_deploy_rolled_back"
"""The figure that says whether the last deploy failed, so that the release before runs again."""
IMAGES = ("build", "send")


@dataclass(frozen=True)
class Plan:
    """What a deploy was asked for, looked at; without a release it is this machine's checkout."""

    release: Release | None
    images: str
    with_ansible: bool
    reason: str
    gate_seconds: int


def planned(
    operation: Operation, reference: str, images: str, with_ansible: bool, reason: str, seconds: int
) -> Plan:
    """Return the plan of a deploy to the target. Raises OperationError."""
    release = None
    if operation.target.is_remote:
        if images not in IMAGES:
            raise OperationError(f"--images is {images!r}; it must be one of {', '.join(IMAGES)}")
        release = new_release(operation, reference)
    return Plan(release, images, with_ansible, reason, seconds)


def deploy(operation: Operation, plan: Plan, backup: str = "") -> None:
    """Bring what was planned to the target. Raises OperationError.

    Only behind a backup, whose label is given, may the data go to another major version of
    PostgreSQL.
    """
    if plan.release is None:
        deploy_here(operation, plan.reason, plan.gate_seconds, backup)
        return
    data_origin.refuse_mixing(operation, has_key=data_origin.will_have_key(operation))
    if plan.with_ansible:
        operation.say("Ansible is bringing the host to its state")
        ansible.provision(operation.target.name, check=False)
    deploy_there(operation, plan.release, plan.images, plan.reason, plan.gate_seconds, backup)


def deploy_here(operation: Operation, reason: str, seconds: int, backup: str = "") -> None:
    """Build and start this machine's own stack from the checkout. Raises OperationError."""
    target = operation.target
    preflight(operation)
    with operation.locked("deploy", reason):
        operation.say("building and starting; the first time takes minutes")
        if operation.shell.show(target.compose("build")) != 0:
            raise OperationError("docker compose build failed; see above")
        images = operation.run(target.compose("config", "--images", "postgres")).split()
        image = next(one for one in images if "/postgres:" in one)
        change = _change(operation, image, backup)
        with _moved(operation, change, lambda: None):
            if operation.shell.show(compose_commands.up(target)) != 0:
                raise OperationError("docker compose up failed; see above")
            await_health(operation, seconds)


def new_release(operation: Operation, reference: str) -> Release:
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
    return Release(commit, f"{operation.now():%Y%m%dT%H%M%SZ}-{commit[:7]}")


def _change(operation: Operation, image: str, backup: str) -> Change | None:
    change = postgres_upgrade.needed(operation, image)
    if change and not backup:
        raise OperationError(f"{change}; `fab upgrade` moves the data")
    return change


@contextmanager
def _moved(
    operation: Operation, change: Change | None, begin: Callable[[], None]
) -> Iterator[None]:
    """Move the data where it must be; whatever fails then, the cluster of before counts again."""
    if change is None:
        yield
        return
    try:
        postgres_upgrade.move(operation, change, begin)
        yield
    except BaseException:
        postgres_upgrade.go_back(operation, change.used)
        raise


def deploy_there(
    operation: Operation, release: Release, images: str, reason: str, seconds: int, backup: str = ""
) -> None:
    """Bring a release to a host; on failure the one before runs again. Raises OperationError."""
    preflight(operation)
    with operation.locked(f"deploy {release.name}", reason):
        before = current(operation)
        operation.say(f"release {release.name}; the one before is {before or 'none'}")
        change = bring(operation, release, images, backup if before else None)
        try:
            with _moved(operation, change, lambda: point(operation, release.name)):
                switch(operation, release.name, seconds)
        except OperationError as error:
            if not before:
                raise
            operation.say(str(error))
            operation.say(f"rolling back to {before}")
            # However short the new one's time was: this one must run.
            switch(operation, before, max(seconds, GATE_SECONDS))
            _void(operation, release)
            operation.tell(ROLLED_BACK, 1)
            first = str(error).splitlines()[0]
            raise OperationError(
                f"{release.name} failed and {before} runs again: {first}"
            ) from None
        operation.tell(ROLLED_BACK, 0)
        _prune(operation)
        for line in allowlist.unlisted(operation):
            operation.say(line)


def bring(operation: Operation, release: Release, images: str, backup: str | None) -> Change | None:
    """Bring files and images; return what the data needs, if there is any (`backup` is given)."""
    try:
        _unpack(operation, release)
        (build if images == "build" else send)(operation, release)
        image = named("postgres", release.name)
        return None if backup is None else _change(operation, image, backup)
    except BaseException:
        _void(operation, release)
        raise


def _void(operation: Operation, release: Release) -> None:
    """Keep what is there of a release out of sight: no rollback must ever come upon it."""
    folder, aside = release.folder, f"{HOST_DIRECTORY}/releases/.failed-{release.name}"
    operation.shell.code(f"if [ -e {folder} ]; then mv {folder} {aside}; fi")


def current(operation: Operation) -> str:
    """Return the name of the release that runs, or nothing."""
    link = compose_commands.of_file("readlink", f"{HOST_DIRECTORY}/current")
    return operation.run(link).strip().rpartition("/")[2]


def releases(operation: Operation) -> list[str]:
    """Return the releases that are kept, oldest first."""
    return sorted(operation.run(f"ls -1 {HOST_DIRECTORY}/releases").split())


def switch(operation: Operation, name: str, seconds: int) -> None:
    """Make a release the current one and wait until it is well. Raises OperationError."""
    point(operation, name)
    code, printed = operation.shell.code(compose_commands.up(operation.target))
    if code != 0:
        # What waits for a part that failed is never started, so there is nothing to wait for; the
        # gate says which it is, with its log.
        seconds = 0
        last = (printed.strip().splitlines() or ["no word"])[-1]
        operation.say(f"docker compose up ended with {code}: {last}")
    await_health(operation, seconds)


def point(operation: Operation, name: str) -> None:
    """Make a release the one that all commands are of. Raises OperationError."""
    here = f"{HOST_DIRECTORY}/current"
    folder = f"{HOST_DIRECTORY}/releases/{name}"
    operation.run(f"ln -sfn {shlex.quote(folder)} {here}.new && mv -T {here}.new {here}")


def roll_back(operation: Operation, to: str, reason: str, seconds: int) -> str:
    """Run an earlier release again; return its name. Raises OperationError."""
    with operation.locked("rollback", reason):
        kept, running = releases(operation), current(operation)
        earlier = [name for name in kept if name < running]
        target = to or (earlier[-1] if earlier else "")
        if target not in kept or target == running:
            raise OperationError(
                f"there is no release {to or 'before this one'}; there are {', '.join(kept)}"
            )
        change = postgres_upgrade.needed(operation, named("postgres", target))
        if change and change.is_forward:
            raise OperationError(f"{change}; name an earlier one: --to RELEASE")
        if change:
            postgres_upgrade.go_back(operation, change.brought)
        switch(operation, target, seconds)
        return target


def _unpack(operation: Operation, release: Release) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "release.tar.gz"
        command = ["git", "archive", "--format=tar.gz", f"--output={archive}", release.commit]
        subprocess.run(command, cwd=ROOT, check=True)
        there = f"{HOST_DIRECTORY}/releases/.{release.name}.tar.gz"
        operation.shell.send(archive, there)
    settings = f"TAPELINE_VERSION={release.name}\nTAPELINE_SOURCE={release.commit}\n"
    operation.run(
        f"mkdir {release.folder} && tar -xzf {there} -C {release.folder} && rm {there} && "
        f"printf %s {shlex.quote(settings)} > {release.folder}/release.env"
    )


def _prune(operation: Operation) -> None:
    """Remove the oldest releases, and those that failed before this one, with their images."""
    kept, running = releases(operation), current(operation)
    folder = f"{HOST_DIRECTORY}/releases"
    failed = operation.run(f"ls -1A {folder} | {{ grep '^[.]failed-' || test $? = 1; }}").split()
    for name in [one for one in kept[:-RELEASES_KEPT] if one != running] + failed:
        tag = name.removeprefix(".failed-")
        operation.run(
            f"rm -rf {folder}/{name} && docker image ls --format "
            f"'{{{{.Repository}}}}:{{{{.Tag}}}}' | grep -F ':{tag}' | xargs -r docker image rm"
        )
