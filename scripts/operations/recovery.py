"""Backups and what is made of them: taken, restored in the place of the live database, or only
beside it to see whether they would be worth anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from scripts.operations import commands
from scripts.operations.errors import OperationError
from scripts.operations.gate import await_health, start
from scripts.operations.session import Session

KEPT = 14
Contents = Mapping[str, Mapping[str, Any]]


def back_up(session: Session) -> str:
    """Take a backup now; return its path."""
    session.run(commands.backup(session.place, KEPT))
    dump = newest(session)
    session.record("backup", dump)
    return dump


def newest(session: Session) -> str:
    """Return the path of the newest backup. Raises OperationError where there is none."""
    found = session.run(commands.newest_backup(session.place)).strip()
    if not found:
        raise OperationError(f"there is no backup in {session.place.backups}; `fab backup` first")
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


def drill(session: Session) -> list[str]:
    """Restore the newest backup beside the live database, compare, and remove it again.

    Returns one line a table. Raises OperationError where a row is missing or another.
    """
    dump = newest(session)
    session.say(f"restoring {dump} beside the live database")
    drop(session, "market_drill")
    contents = _restore(session, dump, "market_drill")
    drop(session, "market_drill")
    live = json.loads(session.run(commands.psql(session.place, query=_LIVE_COUNTS)))
    session.record("drill", dump)
    return [
        f"{table}: {found['rows']} rows, sum {found['checksum']}; live {live.get(table, 0)} rows"
        for table, found in sorted(contents.items())
    ]


def restore(session: Session, dump: str, seconds: int) -> str:
    """Put a backup in the place of the live database, which is kept under the name returned.

    A server whose volume was lost gets its roles and an empty database first. Bars that came after
    the backup are read from Kafka again, as far as it keeps them.
    """
    with session.locked("restore", dump):
        _await_database(session, seconds)
        kept = put_in_place(session, dump)
        session.run(session.place.compose("start", "stream"))
        await_health(session, seconds)
    return kept


def put_in_place(session: Session, dump: str) -> str:
    """Do the same under a lock that is held, and leave the stream stopped."""
    place, stamp = session.place, session.stamp
    kept = f"market_before_{stamp}"
    session.say(f"restoring {dump} beside the live database")
    drop(session, "market_restored")
    _restore(session, dump, "market_restored")
    session.say("the restored database takes the place of the live one; the stream is stopped")
    session.run(place.compose("stop", "stream"))
    _take_the_place(session, kept)
    session.run(place.compose("run", "--rm", "--no-TTY", "--no-deps", "migrate"))
    session.run(commands.forget_checkpoint(place, stamp))
    return kept


def _await_database(session: Session, seconds: int) -> None:
    start(session, seconds, "postgres")
    there = "select 1 from pg_database where datname = 'market'"
    if not session.run(commands.psql(session.place, "postgres", query=there)).strip():
        # Not where it is there: a database that is worth restoring may refuse a migration.
        start(session, seconds, "migrate")


def _take_the_place(session: Session, kept: str) -> None:
    try:
        for statement in commands.take_the_place("market_restored", kept):
            _execute(session, statement)
    except OperationError:
        opened = "alter database market allow_connections true"
        session.shell.code(commands.psql(session.place, "postgres", write=True, query=opened))
        raise


def _restore(session: Session, dump: str, database: str) -> Contents:
    wanted: Contents
    contents: Contents
    printed = session.run(commands.restore_beside(session.place, dump, database))
    wanted, contents = (json.loads(line) for line in printed.strip().splitlines()[-2:])
    wrong = compare(wanted, contents)
    if wrong:
        drop(session, database)
        raise OperationError(f"{dump} does not hold what it should: {'; '.join(wrong)}")
    return contents


def drop(session: Session, database: str) -> None:
    """Drop a database, if it is there."""
    _execute(session, f"drop database if exists {database}")


def _execute(session: Session, statement: str) -> None:
    session.run(commands.psql(session.place, "postgres", write=True, query=statement))


_LIVE_COUNTS = """
select json_object_agg(relname, (xpath('/row/rows/text()', query_to_xml(
    format('select count(*) as rows from market.%I', relname), false, true, '')))[1]::text::bigint)
from pg_class where relnamespace = 'market'::regnamespace and relkind in ('r', 'p')
    and not relispartition
"""
