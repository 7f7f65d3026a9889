"""Tells a host that waits for its first backup from one that takes none, by the host's record."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from scripts.operations import compose_commands
from scripts.operations.backups import backup_commands
from scripts.operations.operation import Operation

NOTE = "there is no backup yet; the server takes the first by itself as soon as it runs"

_DUE_HOURS = 1
"""The server takes one as soon as it runs: services/postgres/pgbackrest/keep."""


def is_awaited(operation: Operation) -> bool:
    """Return whether a host has no backup because it has only just begun."""
    target = operation.target
    record = compose_commands.of_file("head -n 1", f"{target.state}/audit.log")
    (_, newest), (_, first) = map(operation.shell.code, (backup_commands.labels(target), record))
    moment = first.partition(" ")[0]
    if not target.is_remote or newest.strip() or not re.fullmatch(r"[-0-9]+T[:0-9]+Z", moment):
        return False
    begun = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return (operation.now() - begun).total_seconds() < _DUE_HOURS * 3600
