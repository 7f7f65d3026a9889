"""Brings a release to a place: checks first, then the lock, the files, the images, the gate; and
back to the release before where the gate stays shut."""

from __future__ import annotations

import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from scripts.embedded.layout import ROOT
from scripts.operations import access, clusters, commands, markets, provision
from scripts.operations.clusters import Change
from scripts.operations.errors import OperationError
from scripts.operations.gate import await_health
from scripts.operations.images import Release, build, named, send
from scripts.operations.place import HOST_DIRECTORY
from scripts.operations.preflight import preflight
from scripts.operations.session import Session

GATE_SECONDS = 420
RELEASES_KEPT = 5
IMAGES = ("build", "send")


def prepared(
    session: Session, reference: str, images: str, with_ansible: bool, reason: str, seconds: int
) -> Callable[[str], None]:
    """Return the deploy to a place, with what was asked for looked at. Raises OperationError.

    The deploy takes the path of a dump, by which data may go to another version of PostgreSQL; with
    an empty one it may not.
    """
    if not session.place.is_remote:
        return lambda dump: deploy_here(session, reason, seconds, dump)
    if images not in IMAGES:
        raise OperationError(f"--images is {images!r}; it must be one of {', '.join(IMAGES)}")
    release = new_release(session, reference)

    def deploy(dump: str) -> None:
        markets.refuse_mixing(session, has_key=markets.will_have_key(session))
        if with_ansible:
            session.say("Ansible is bringing the host to its state")
            provision.provision(session.place.name, check=False)
        deploy_there(session, release, images, reason, seconds, dump)

    return deploy


def deploy_here(session: Session, reason: str, seconds: int, dump: str = "") -> None:
    """Build and start this machine's own stack from the checkout. Raises OperationError."""
    place = session.place
    preflight(session)
    with session.locked("deploy", reason):
        session.say("building and starting; the first time takes minutes")
        if session.shell.show(place.compose("build")) != 0:
            raise OperationError("docker compose build failed; see above")
        images = session.run(place.compose("config", "--images", "postgres")).split()
        image = next(one for one in images if "/postgres:" in one)
        change = _change(session, image, dump)
        with _moved(session, change, dump, lambda: None):
            if session.shell.show(commands.up(place)) != 0:
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


def _change(session: Session, image: str, dump: str) -> Change | None:
    change = clusters.needed(session, image)
    if change and not dump:
        raise OperationError(f"{change}; `fab upgrade` moves the data")
    return change


@contextmanager
def _moved(
    session: Session, change: Change | None, dump: str, begin: Callable[[], None]
) -> Iterator[None]:
    """Move the data where it must be; whatever fails then, the cluster of before counts again."""
    if change is None:
        yield
        return
    try:
        clusters.move(session, change, dump, begin)
        yield
    except BaseException:
        clusters.go_back(session, change.used)
        raise


def deploy_there(
    session: Session, release: Release, images: str, reason: str, seconds: int, dump: str = ""
) -> None:
    """Bring a release to a host; on failure the one before runs again. Raises OperationError."""
    preflight(session)
    with session.locked(f"deploy {release.name}", reason):
        before = current(session)
        session.say(f"release {release.name}; the one before is {before or 'none'}")
        change = _bring(session, release, images, dump if before else None)
        try:
            with _moved(session, change, dump, lambda: point(session, release.name)):
                switch(session, release.name, seconds)
        except OperationError as error:
            if not before:
                raise
            session.say(str(error))
            session.say(f"rolling back to {before}")
            # However short the new one's time was: this one must run.
            switch(session, before, max(seconds, GATE_SECONDS))
            _void(session, release)
            first = str(error).splitlines()[0]
            raise OperationError(
                f"{release.name} failed and {before} runs again: {first}"
            ) from None
        _prune(session)
        for line in access.unlisted(session):
            session.say(line)


def _bring(session: Session, release: Release, images: str, dump: str | None) -> Change | None:
    """Bring files and images; return what the data needs, if there is any (`dump` is not None)."""
    try:
        _unpack(session, release)
        (build if images == "build" else send)(session, release)
        image = named("postgres", release.name)
        return None if dump is None else _change(session, image, dump)
    except BaseException:
        _void(session, release)
        raise


def _void(session: Session, release: Release) -> None:
    """Keep what is there of a release out of sight: no rollback must ever come upon it."""
    folder, aside = release.folder, f"{HOST_DIRECTORY}/releases/.failed-{release.name}"
    session.shell.code(f"if [ -e {folder} ]; then mv {folder} {aside}; fi")


def current(session: Session) -> str:
    """Return the name of the release that runs, or nothing."""
    link = commands.of_file("readlink", f"{HOST_DIRECTORY}/current")
    return session.run(link).strip().rpartition("/")[2]


def releases(session: Session) -> list[str]:
    """Return the releases that are kept, oldest first."""
    return sorted(session.run(f"ls -1 {HOST_DIRECTORY}/releases").split())


def switch(session: Session, name: str, seconds: int) -> None:
    """Make a release the current one and wait until it is well. Raises OperationError."""
    point(session, name)
    code, printed = session.shell.code(commands.up(session.place))
    if code != 0:
        # What waits for a part that failed is never started, so there is nothing to wait for; the
        # gate says which it is, with its log.
        seconds = 0
        last = (printed.strip().splitlines() or ["no word"])[-1]
        session.say(f"docker compose up ended with {code}: {last}")
    await_health(session, seconds)


def point(session: Session, name: str) -> None:
    """Make a release the one that all commands are of. Raises OperationError."""
    here = f"{HOST_DIRECTORY}/current"
    folder = f"{HOST_DIRECTORY}/releases/{name}"
    session.run(f"ln -sfn {shlex.quote(folder)} {here}.new && mv -T {here}.new {here}")


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
        change = clusters.needed(session, named("postgres", target))
        if change and change.is_forward:
            raise OperationError(f"{change}; name an earlier one: --to RELEASE")
        if change:
            clusters.go_back(session, change.brought)
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


def _prune(session: Session) -> None:
    """Remove the oldest releases, and those that failed before this one, with their images."""
    kept, running = releases(session), current(session)
    folder = f"{HOST_DIRECTORY}/releases"
    failed = session.run(f"ls -1A {folder} | {{ grep '^[.]failed-' || test $? = 1; }}").split()
    for name in [one for one in kept[:-RELEASES_KEPT] if one != running] + failed:
        tag = name.removeprefix(".failed-")
        session.run(
            f"rm -rf {folder}/{name} && docker image ls --format "
            f"'{{{{.Repository}}}}:{{{{.Tag}}}}' | grep -F ':{tag}' | xargs -r docker image rm"
        )
