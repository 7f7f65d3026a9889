"""Tells a host that waits for its first backup from one that takes none, by the host's record."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from scripts.operations import commands
from scripts.operations.session import Session

NOTE = (
    "there is no backup yet; the first is taken in the host's first night, or by `fab backup` now"
)

_DUE_HOURS = 25
"""One is taken every night, see the role `pipeline`."""


def is_awaited(session: Session) -> bool:
    """Return whether a host has no backup because its first night is still to come."""
    place = session.place
    record = commands.of_file("head -n 1", f"{place.state}/audit.log")
    (_, newest), (_, first) = map(session.shell.code, (commands.newest_backup(place), record))
    moment = first.partition(" ")[0]
    if not place.is_remote or newest.strip() or not re.fullmatch(r"[-0-9]+T[:0-9]+Z", moment):
        return False
    begun = datetime.strptime(moment, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return (session.now() - begun).total_seconds() < _DUE_HOURS * 3600
