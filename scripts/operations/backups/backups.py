"""Backups and what is made of them: taken, restored in the place of the live database, or only
beside it to see whether they would be worth anything."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from scripts.operations import compose_commands
from scripts.operations.backups import backup_commands
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases import data_origin
from scripts.operations.releases.health_gate import await_health, start

Contents = Mapping[str, Mapping[str, Any]]


def back_up(operation: Operation, *, anew: bool = False) -> str:
    """Take a backup now; return its label. `anew` goes on where the repository has backups of
    another database, which is refused otherwise."""
    operation.run(backup_commands.backup(operation.target, anew=anew))
    label = newest(operation)
    operation.record("backup", label)
    return label


def newest(operation: Operation) -> str:
    """Return the label of the newest backup. Raises OperationError where there is none."""
    found = operation.run(backup_commands.labels(operation.target)).split()
    if not found:
        raise OperationError("there is no backup in the repository; `fab backup` takes one")
    return found[-1]


def hours_since(label: str, now: datetime) -> float:
    """Return the age of a backup by its label. Raises OperationError where that tells none."""
    stamp = re.search(r"(\d{8}-\d{6})[FDI]$", label)
    if stamp is None:
        raise OperationError(f"{label} does not tell when it was taken")
    taken = datetime.strptime(stamp[1], "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    return (now - taken).total_seconds() / 3600


def compare(wanted: Contents, restored: Contents) -> list[str]:
    """Return how the restored tables differ from those that are wanted; nothing if not."""
    return [
        f"{table}: {_told(wanted.get(table))} were there, {_told(restored.get(table))} restored"
        for table in sorted({*wanted, *restored})
        if wanted.get(table) != restored.get(table)
    ]


def _told(table: Mapping[str, Any] | None) -> str:
    return f"{table['rows']} rows (sum {table['checksum']})" if table else "no table"


def drill(operation: Operation, typed: str = "") -> list[str]:
    """Restore beside the live database, to this very moment or to another one, and compare.

    Returns one line a table. To this moment, raises OperationError where a row differs.
    """
    at = backup_commands.moment(typed)
    operation.say(f"restoring {at or 'up to now'} beside the live database")
    printed = operation.run(backup_commands.drill(operation.target, at))
    live: Contents
    restored: Contents
    live, restored = (json.loads(line) for line in printed.strip().splitlines()[-2:])
    wrong = [] if at else compare(live, restored)
    if wrong:
        raise OperationError(f"what was restored is not what is there: {'; '.join(wrong)}")
    operation.record("drill", at or "up to now")
    operation.tell("tapeline_drill_timestamp_seconds", int(operation.now().timestamp()))
    return [
        f"{table}: {found['rows']} rows, sum {found['checksum']}; "
        f"live {live.get(table, {'rows': 0})['rows']} rows"
        for table, found in sorted(restored.items())
    ]


def restore(operation: Operation, typed: str, seconds: int) -> str:
    """Put the repository's database in the place of the live one, as it was at a moment or in the
    end; return the folder in which the one before is kept, or nothing.

    Bars that came after are read from Kafka again, as far as it keeps them.
    """
    at = backup_commands.moment(typed)
    with operation.locked("restore", at or "the newest"):
        kept = put_in_place(operation, at, seconds)
        operation.run(operation.target.compose("run", "--rm", "--no-TTY", "--no-deps", "migrate"))
        operation.run(compose_commands.forget_checkpoint(operation.target, operation.stamp))
        operation.run(compose_commands.up(operation.target))
        await_health(operation, seconds)
    return kept


def put_in_place(operation: Operation, at: str, seconds: int) -> str:
    """Do the same under a lock that is held, and leave only the database running."""
    target = operation.target
    refusal = data_origin.refusal_of_restored(operation)
    operation.say(f"restoring {at or 'to the end of the log'}; stream and database are stopped")
    # What the server needs for its repository, where its volume is a new one.
    operation.run(compose_commands.hand_out(target))
    operation.run(target.compose("stop", "stream", "postgres"))
    try:
        printed = operation.run(backup_commands.restore(target, at, refusal))
    except OperationError:
        # Nothing was changed; where there was a server before, it goes on.
        operation.shell.code(target.compose("start", "postgres", "stream"))
        raise
    kept = (printed.strip().splitlines() or [""])[-1].strip()
    start(operation, seconds, "postgres")
    return kept
