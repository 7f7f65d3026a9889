"""Dumps, by which data goes to another major version of PostgreSQL, and for nothing else."""

from __future__ import annotations

import json
from typing import Final

from scripts.operations import compose_commands
from scripts.operations.backups import backup_commands
from scripts.operations.backups.backups import Contents, compare
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation

_RESTORED: Final = "market_restored"


def take(operation: Operation) -> str:
    """Dump the live database, which nobody writes to; return the path."""
    operation.say("a dump of the database")
    return operation.run(backup_commands.dump(operation.target)).strip().splitlines()[-1]


def put_in_place(operation: Operation, path: str) -> None:
    """Fill the database of a new cluster from a dump. Raises OperationError where a row is missing
    or another."""
    target, kept = operation.target, f"market_before_{operation.stamp}"
    _drop(operation, _RESTORED)
    _restore(operation, path)
    for statement in backup_commands.take_the_place(_RESTORED, kept):
        _execute(operation, statement)
    operation.run(target.compose("run", "--rm", "--no-TTY", "--no-deps", "migrate"))
    operation.run(compose_commands.forget_checkpoint(target, operation.stamp))
    _drop(operation, kept)


def _restore(operation: Operation, path: str) -> None:
    wanted: Contents
    contents: Contents
    printed = operation.run(backup_commands.restore_beside(operation.target, path, _RESTORED))
    wanted, contents = (json.loads(line) for line in printed.strip().splitlines()[-2:])
    wrong = compare(wanted, contents)
    if wrong:
        _drop(operation, _RESTORED)
        raise OperationError(f"{path} does not hold what it should: {'; '.join(wrong)}")


def _drop(operation: Operation, database: str) -> None:
    _execute(operation, f"drop database if exists {database}")


def _execute(operation: Operation, statement: str) -> None:
    operation.run(compose_commands.psql(operation.target, "postgres", write=True, query=statement))
