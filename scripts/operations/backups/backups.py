"""Backups and what is made of them: taken, restored in the place of the live database, or only
beside it to see whether they would be worth anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scripts.operations import compose_commands
from scripts.operations.backups import backup_commands
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases import data_origin
from scripts.operations.releases.health_gate import await_health, start

KEPT = 14
_RESTORED = "market_restored"
Contents = Mapping[str, Mapping[str, Any]]


def back_up(operation: Operation) -> str:
    """Take a backup now; return its path."""
    operation.run(backup_commands.backup(operation.target, KEPT))
    dump = newest(operation)
    operation.record("backup", dump)
    return dump


def newest(operation: Operation) -> str:
    """Return the path of the newest backup. Raises OperationError where there is none."""
    found = operation.run(backup_commands.newest_backup(operation.target)).strip()
    if not found:
        raise OperationError(
            f"there is no backup in {operation.target.backups}; `fab backup` first"
        )
    return found


def compare(wanted: Contents, restored: Contents) -> list[str]:
    """Return how the restored tables differ from those that were backed up; nothing if not."""
    return [
        f"{table}: {_told(wanted.get(table))} were backed up, {_told(restored.get(table))} restored"
        for table in sorted({*wanted, *restored})
        if wanted.get(table) != restored.get(table)
    ]


def _told(table: Mapping[str, Any] | None) -> str:
    return f"{table['rows']} rows (sum {table['checksum']})" if table else "no table"


def drill(operation: Operation) -> list[str]:
    """Restore the newest backup beside the live database, compare, and remove it again.

    Returns one line a table. Raises OperationError where a row is missing or another.
    """
    dump = newest(operation)
    operation.say(f"restoring {dump} beside the live database")
    drop(operation, "market_drill")
    contents = _restore(operation, dump, "market_drill")
    drop(operation, "market_drill")
    live = json.loads(operation.run(compose_commands.psql(operation.target, query=_LIVE_COUNTS)))
    operation.record("drill", dump)
    operation.tell("tapeline_drill_timestamp_seconds", int(operation.now().timestamp()))
    return [
        f"{table}: {found['rows']} rows, sum {found['checksum']}; live {live.get(table, 0)} rows"
        for table, found in sorted(contents.items())
    ]


def restore(operation: Operation, dump: str, seconds: int) -> str:
    """Put a backup in the place of the live database, which is kept under the name returned.

    A server whose volume was lost gets its roles and an empty database first. Bars that came after
    the backup are read from Kafka again, as far as it keeps them.
    """
    with operation.locked("restore", dump):
        _await_database(operation, seconds)
        _restore_beside(operation, dump)
        try:
            data_origin.refuse_restored(operation, dump, _RESTORED)
        except OperationError:
            drop(operation, _RESTORED)
            raise
        kept = _put_in_place(operation)
        operation.run(operation.target.compose("start", "stream"))
        await_health(operation, seconds)
    return kept


def put_in_place(operation: Operation, dump: str) -> str:
    """Do the same with a backup of these very data, under a lock that is held, and leave the
    stream stopped."""
    _restore_beside(operation, dump)
    return _put_in_place(operation)


def _restore_beside(operation: Operation, dump: str) -> None:
    operation.say(f"restoring {dump} beside the live database")
    drop(operation, _RESTORED)
    _restore(operation, dump, _RESTORED)


def _put_in_place(operation: Operation) -> str:
    target, stamp = operation.target, operation.stamp
    kept = f"market_before_{stamp}"
    operation.say("the restored database takes the place of the live one; the stream is stopped")
    operation.run(target.compose("stop", "stream"))
    _take_the_place(operation, kept)
    operation.run(target.compose("run", "--rm", "--no-TTY", "--no-deps", "migrate"))
    operation.run(compose_commands.forget_checkpoint(target, stamp))
    return kept


def _await_database(operation: Operation, seconds: int) -> None:
    start(operation, seconds, "postgres")
    there = "select 1 from pg_database where datname = 'market'"
    if not operation.run(compose_commands.psql(operation.target, "postgres", query=there)).strip():
        # Not where it is there: a database that is worth restoring may refuse a migration.
        start(operation, seconds, "migrate")


def _take_the_place(operation: Operation, kept: str) -> None:
    try:
        for statement in backup_commands.take_the_place(_RESTORED, kept):
            _execute(operation, statement)
    except OperationError:
        opened = "alter database market allow_connections true"
        operation.shell.code(
            compose_commands.psql(operation.target, "postgres", write=True, query=opened)
        )
        raise


def _restore(operation: Operation, dump: str, database: str) -> Contents:
    wanted: Contents
    contents: Contents
    printed = operation.run(backup_commands.restore_beside(operation.target, dump, database))
    wanted, contents = (json.loads(line) for line in printed.strip().splitlines()[-2:])
    wrong = compare(wanted, contents)
    if wrong:
        drop(operation, database)
        raise OperationError(f"{dump} does not hold what it should: {'; '.join(wrong)}")
    return contents


def drop(operation: Operation, database: str) -> None:
    """Drop a database, if it is there."""
    _execute(operation, f"drop database if exists {database}")


def _execute(operation: Operation, statement: str) -> None:
    operation.run(compose_commands.psql(operation.target, "postgres", write=True, query=statement))


_LIVE_COUNTS = """
select json_object_agg(relname, (xpath('/row/rows/text()', query_to_xml(
    format('select count(*) as rows from market.%I', relname), false, true, '')))[1]::text::bigint)
from pg_class where relnamespace = 'market'::regnamespace and relkind in ('r', 'p')
    and not relispartition
"""
