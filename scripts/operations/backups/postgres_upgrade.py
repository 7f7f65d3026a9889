"""The clusters in the database's volume, one for each major version of PostgreSQL, and the way from
one to another: a dump restored into a new one, beside the old one, which stays as it was."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scripts.operations import compose_commands
from scripts.operations.backups import dumps
from scripts.operations.operation import Operation
from scripts.operations.releases.health_gate import start
from scripts.operations.target import Target

LABEL: Final = "tapeline.postgres.major"
_BEFORE_THE_LABEL: Final = "17"
_START_SECONDS: Final = 180
_NONE: Final = "none"
# The clusters lie in folders named by their version; `serving` names the one that counts, where
# there has ever been another one, and `next` the one that is being filled.
SERVING: Final = (
    "cd /var/lib/postgresql && if [ -s serving ]; then cat serving; "
    f"else ls -d [0-9][0-9] 2>/dev/null | head -n 1 | grep . || echo {_NONE}; fi"
)


@dataclass(frozen=True)
class Change:
    """A release of one major version, and data of another one."""

    used: str
    brought: str

    @property
    def is_forward(self) -> bool:
        """Whether the release is of the later version."""
        return int(self.brought) > int(self.used)

    def __str__(self) -> str:
        return f"the data is of PostgreSQL {self.used}, the release of {self.brought}"


def in_volume(target: Target, script: str) -> str:
    """Return the command that runs a script where the clusters are."""
    return compose_commands.beside(target, "postgres", script)


def begin_next(target: Target, change: Change, stamp: str) -> str:
    """Return the command after which a new cluster may be made; one of before is laid aside."""
    new = change.brought
    return in_volume(
        target,
        f"cd /var/lib/postgresql && echo {change.used} > serving && "
        f"if [ -e {new} ]; then mv {new} kept-{new}-{stamp}; fi && echo {new} > next",
    )


def serve(target: Target, major: str) -> str:
    """Return the command that makes a cluster the one that counts; it fails where it is gone."""
    return in_volume(
        target,
        f"cd /var/lib/postgresql && test -e {major}/PG_VERSION && "
        # It is not the one whose log the repository has had so far: a backup of it is due.
        f"echo {major} > serving && rm -f next && touch .archive_gap",
    )


def needed(operation: Operation, image: str) -> Change | None:
    """Return what must change before an image can serve the data; None where nothing must."""
    used = operation.run(compose_commands.heard(in_volume(operation.target, SERVING))).strip()
    label = shlex.quote(f'{{{{index .Config.Labels "{LABEL}"}}}}')
    inspect = f"docker image inspect --format {label} {shlex.quote(image)}"
    brought = operation.run(inspect).strip() or _BEFORE_THE_LABEL
    return None if used in (_NONE, brought) else Change(used, brought)


def move(operation: Operation, change: Change, begin: Callable[[], None]) -> None:
    """Let a release have the data, while nothing writes; `begin` makes it the current one.

    To a later version by way of the dump; to an earlier one by going back to the cluster as it was
    left, and to the ledger in it. What came since is read from Kafka again. Raises OperationError.
    """
    target = operation.target
    if not change.is_forward:
        go_back(operation, change.brought)
        begin()
        return
    operation.run(target.compose("stop", "stream"))
    path = dumps.take(operation)
    operation.say(f"{change}: a new cluster, filled from {path}; the old one stays as it is")
    operation.run(target.compose("stop", "postgres"))
    operation.run(begin_next(target, change, operation.stamp))
    begin()
    start(operation, _START_SECONDS, "postgres")
    operation.run(target.compose("run", "--rm", "--no-TTY", "--no-deps", "migrate"))
    dumps.put_in_place(operation, path)
    operation.run(serve(target, change.brought))


def go_back(operation: Operation, major: str) -> None:
    """Let the cluster of an earlier version count again, as it was left. Raises OperationError."""
    operation.say(f"back to the cluster of PostgreSQL {major}; Kafka has what came since")
    operation.run(operation.target.compose("stop", "stream", "postgres"))
    operation.run(serve(operation.target, major))
    operation.run(compose_commands.forget_checkpoint(operation.target, operation.stamp))
