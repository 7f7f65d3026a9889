"""Shell lines and statements for backups: a target and what was typed in, one line out. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Final

from scripts.operations.errors import OperationError
from scripts.operations.target import Target

_POSTGRES: Final = "/app/services/postgres"
_PROGRAMS: Final = f"{_POSTGRES}/pgbackrest"
_MOMENT: Final = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d(:?\d\d)?)"


def moment(typed: str) -> str:
    """Return a moment as PostgreSQL reads it. Raises OperationError without a zone."""
    if typed and not re.fullmatch(_MOMENT, typed):
        raise OperationError(
            f"--time {typed!r} must be a moment with its zone, such as 2026-11-30T06:00:00Z"
        )
    return typed.replace("T", " ").replace("Z", "+00")


def backup(target: Target, *, anew: bool = False) -> str:
    """Return the command that takes a backup and has the repository verified."""
    if target.is_remote and not anew:
        return "systemctl start tapeline-backup.service"
    release = f"{target.directory}/current" if target.is_remote else "."
    program = f"{release}/scripts/operations/backups/backup"
    return shlex.join((program, *(["--anew"] if anew else []), *target.compose_words))


def labels(target: Target) -> str:
    """Return the command that prints the labels of the backups, oldest first."""
    return target.compose("exec", "--no-TTY", "postgres", f"{_PROGRAMS}/list")


def drill(target: Target, at: str) -> str:
    """Return the command that restores beside the live database, and removes it again.

    It prints two lines of JSON: what is in the live database, and what was restored.
    """
    return target.compose("exec", "--no-TTY", "postgres", f"{_PROGRAMS}/drill", at)


def restore(target: Target, at: str, refusal: tuple[str, str]) -> str:
    """Return the command that puts the repository's cluster in the place of the server's, which is
    stopped. It prints last the folder of the one before, or nothing.

    `refusal` is a query, and what to say where it finds `t`; without a query nothing is refused.
    """
    query, because = refusal
    variables: Mapping[str, str] = {"REFUSED_IF": query, "REFUSED_BECAUSE": because}
    told = [word for name, value in variables.items() for word in ("--env", f"{name}={value}")]
    run = ("run", "--rm", "--no-deps", "--no-TTY", *told, "--entrypoint", f"{_PROGRAMS}/restore")
    return target.compose(*run, "postgres", at)


def dump(target: Target) -> str:
    """Return the command that writes a dump for another major version, and prints its path."""
    release = f"{target.directory}/current" if target.is_remote else "."
    program = f"{release}/scripts/operations/backups/dump"
    return shlex.join((program, target.dumps, *target.compose_words))


def restore_beside(target: Target, path: str, database: str) -> str:
    """Return the command that restores a dump, if its manifest vouches for it, into a new database.

    It prints two lines of JSON: what was dumped, and what is in the new database.
    """
    tool = ("exec", "--no-TTY", "postgres", f"{_POSTGRES}/restore", database)
    manifest = shlex.quote(f"{path.removesuffix('.dump.gpg')}.manifest.gpg")
    given = f"base64 < {manifest} | tr -d '\\n'; echo; cat {shlex.quote(path)}"
    return f"{{ {given}; }} | {target.compose(*tool)}"


def take_the_place(restored: str, kept: str) -> list[str]:
    """Return the statements that put a restored database in the place of `market`, which is kept.
    First nobody can connect any more, then who still is connected is sent away.
    """
    for name in (restored, kept):
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
            raise OperationError(f"{name!r} is not a name for a database")
    return [
        "alter database market allow_connections false",
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'market'",
        f"alter database market rename to {kept}",
        f"alter database {restored} rename to market",
    ]
