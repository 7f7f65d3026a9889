"""Brings a newer release to a target that holds data: backup, deploy, a look whether all is well.
Whatever fails after the backup tells the way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from scripts.operations.backups import backups
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases import deploy
from scripts.operations.status import diagnosis
from scripts.operations.target import Target


def upgrade(operation: Operation, bring: Callable[[str], None]) -> list[str]:
    """Bring the release up behind a backup; return what was looked at. Raises OperationError.

    Where the release has another major version of PostgreSQL, a dump goes into a new cluster.
    """
    target = operation.target
    before = deploy.current(operation) if target.is_remote else ""
    if target.is_remote and not before:
        raise OperationError(
            f"nothing runs on {target.name} yet; `fab deploy` brings the first one"
        )
    operation.say("a backup first")
    label = backups.back_up(operation)
    behind_it = operation.now()
    try:
        bring(label)
        # To go back would bring no bars of a series that the API refuses.
        lines, is_well = diagnosis.doctor(operation, of_release=True)
        if not is_well:
            raise OperationError("\n".join(["it runs, but not all is well:", *lines]))
    except OperationError as error:
        raise OperationError(f"{error}\n{way_back(target, before, behind_it)}") from error
    return lines


def way_back(target: Target, before: str, moment: datetime) -> str:
    """Return what to type for the release and for the data of before."""
    stack = f" --stack {target.name}" if target.is_remote else ""
    release = f"`fab rollback{stack} --to {before}`, unless it runs again already"
    if not target.is_remote:
        release = "check out the commit before and `fab deploy`"
    return (
        f"the way back: {release}; "
        "if that cannot read the database any more: "
        f"`fab restore{stack} --time {moment:%Y-%m-%dT%H:%M:%SZ}`"
    )
