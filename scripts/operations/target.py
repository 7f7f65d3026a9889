"""Where a command acts: on this machine's own stack, or on a host. Names alone; nothing is run."""

from __future__ import annotations

import shlex
from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """Folders and the words of Compose at one target; paths are of that machine."""

    name: str
    directory: str
    """What Compose runs in, and where the notes of the commands are kept below `state`."""
    state: str
    compose_words: tuple[str, ...]
    dumps: str
    """Where a dump lies while data goes to another major version of PostgreSQL."""
    keys: str
    given: str
    """Where a certificate of one's own lies; nowhere in particular on this machine."""
    is_remote: bool

    def compose(self, *words: str) -> str:
        """Return a command of Compose, quoted for a shell in `directory`."""
        return shlex.join((*self.compose_words, *words))


HOST_DIRECTORY = "/opt/tapeline"
"""Where the Ansible role `pipeline` puts releases, keys and settings."""

LOCAL = Target(
    name="this machine",
    directory=".",
    state=".cache/operations",
    compose_words=("docker", "compose"),
    dumps=".cache/operations/dumps",
    keys="secrets",
    given="",
    is_remote=False,
)


def host(name: str) -> Target:
    """Return the target of a stack's host."""
    current = f"{HOST_DIRECTORY}/current"
    return Target(
        name=name,
        directory=HOST_DIRECTORY,
        state=HOST_DIRECTORY,
        compose_words=(f"{current}/scripts/operations/hosts/host-compose",),
        dumps="/var/lib/tapeline/dumps",
        keys=f"{HOST_DIRECTORY}/keys",
        given=f"{HOST_DIRECTORY}/given",
        is_remote=True,
    )
