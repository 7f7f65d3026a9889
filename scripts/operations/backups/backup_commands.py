"""Shell lines and statements for backups: a target and what was typed in, one line out. Pure."""

from __future__ import annotations

import re
import shlex

from scripts.operations.errors import OperationError
from scripts.operations.target import Target

_RESTORE = "/app/services/postgres/restore"


def backup(target: Target, keep: int) -> str:
    """Return the command that takes a backup and removes the oldest beyond `keep`."""
    if target.is_remote:
        return "systemctl start tapeline-backup.service"
    words = ("scripts/operations/backups/backup", target.backups, str(keep), *target.compose_words)
    return shlex.join(words)


def newest_backup(target: Target) -> str:
    """Return the command that prints the newest backup's path, or nothing."""
    folder = shlex.quote(target.backups)
    return f"ls -1 {folder}/market-*.dump.gpg 2>/dev/null | sort | tail -n 1"


def restore_beside(target: Target, dump: str, database: str) -> str:
    """Return the command that restores a dump, if its manifest vouches for it, into a new database.

    It prints two lines of JSON: what was backed up, and what is in the new database.
    """
    tool = ("exec", "--no-TTY", "postgres", _RESTORE, database)
    manifest = shlex.quote(f"{dump.removesuffix('.dump.gpg')}.manifest.gpg")
    given = f"base64 < {manifest} | tr -d '\\n'; echo; cat {shlex.quote(dump)}"
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
