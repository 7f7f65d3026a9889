"""Brings a newer release to a place that holds data: backup, deploy, a look whether all is well.
Whatever fails after the backup tells the way back."""

from __future__ import annotations

from collections.abc import Callable

from scripts.operations import deploy, recovery, reports
from scripts.operations.errors import OperationError
from scripts.operations.place import Place
from scripts.operations.session import Session


def upgrade(session: Session, bring: Callable[[str], None]) -> list[str]:
    """Bring the release up behind a backup; return what was looked at. Raises OperationError.

    The backup is also what goes into a new cluster, where the release has another major version of
    PostgreSQL.
    """
    place = session.place
    before = deploy.current(session) if place.is_remote else ""
    if place.is_remote and not before:
        raise OperationError(f"nothing runs on {place.name} yet; `fab deploy` brings the first one")
    session.say("a backup first")
    dump = recovery.back_up(session)
    try:
        bring(dump)
        lines, is_well = reports.doctor(session)
        if not is_well:
            raise OperationError("\n".join(["it runs, but not all is well:", *lines]))
    except OperationError as error:
        raise OperationError(f"{error}\n{way_back(place, before, dump)}") from error
    return lines


def way_back(place: Place, before: str, dump: str) -> str:
    """Return what to type for the release and for the data of before."""
    stack = f" --stack {place.name}" if place.is_remote else ""
    release = f"`fab rollback{stack} --to {before}`, unless it runs again already"
    if not place.is_remote:
        release = "check out the commit before and `fab deploy`"
    return (
        f"the way back: {release}; "
        f"if that cannot read the database any more: `fab restore{stack} --dump {dump}`"
    )
