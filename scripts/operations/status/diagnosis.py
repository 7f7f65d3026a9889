"""Whether the pipeline is well: what is looked at on a target in, a verdict on each out."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable

from scripts.operations import compose_commands
from scripts.operations.backups import first_backup
from scripts.operations.backups.backups import hours_since, newest
from scripts.operations.credentials import certificate
from scripts.operations.errors import OperationError, UnreachableError
from scripts.operations.hosts import allowlist, host_updates
from scripts.operations.hosts.preflight import preflight
from scripts.operations.operation import Operation
from scripts.operations.releases.health_gate import look
from scripts.operations.status import price_bases, recycled_tickers
from scripts.operations.status.status_report import WHICH_GIVEN_UP, polled_and_given_up

_BACKUP_HOURS = 48
_POSTGRES_PORT = 5432
_ANSWER_SECONDS = 5.0


def doctor(operation: Operation, *, of_release: bool = False) -> tuple[list[str], bool]:
    """Return what was looked at, with a verdict each, and whether all is well; `of_release`:
    apart from what another release would not change.

    Raises UnreachableError.
    """
    found = [
        ("the target can run the pipeline", _verdict(lambda: preflight(operation))),
        ("all services are well", _verdict(lambda: _well(operation))),
        ("Kafka takes its clients", _verdict(lambda: _kafka(operation))),
        ("the server reads its rules", _verdict(lambda: _rules(operation))),
        ("the certificate lasts", _verdict(lambda: certificate.require_lasting(operation))),
        ("there is a backup of these two days", _verdict(lambda: _recent_backup(operation))),
    ]
    if not of_release:
        found.append(("the API has bars of all series", _verdict(lambda: _all_series(operation))))
    if operation.outputs is not None:
        found.append(("the host's firewall is in force", _verdict(lambda: _firewall(operation))))
        found.append(("5432 answers here as it should", _verdict(lambda: _port(operation))))
    lines = [f"{'ok  ' if not why else 'FAIL'}  {what}{why and f': {why}'}" for what, why in found]
    noted = [_bases_notes, _ticker_notes, *([_host_notes] if operation.outputs is not None else [])]
    lines += [f"note  {note}" for notes in noted for note in notes(operation)]
    return lines, not any(why for _, why in found)


def _bases_notes(operation: Operation) -> list[str]:
    try:
        return price_bases.notes(operation)
    except UnreachableError:
        raise
    except OperationError as error:
        return [f"whether all prices can be compared is unknown: {str(error).splitlines()[-1]}"]


def _ticker_notes(operation: Operation) -> list[str]:
    try:
        return recycled_tickers.notes(operation)
    except UnreachableError:
        raise
    except OperationError as error:
        return [f"whether a ticker became another's is unknown: {str(error).splitlines()[-1]}"]


def _host_notes(operation: Operation) -> list[str]:
    notes = [first_backup.NOTE] if first_backup.is_awaited(operation) else []
    try:
        return notes + host_updates.waiting(operation).notes()
    except OperationError as error:
        return [*notes, f"whether updates wait is unknown: {str(error).splitlines()[-1]}"]


def _verdict(check: Callable[[], None]) -> str:
    try:
        check()
    except UnreachableError:
        raise
    except OperationError as error:
        return str(error).splitlines()[-1]
    return ""


def _well(operation: Operation) -> None:
    found = look(operation)
    if not found.is_good:
        raise OperationError(str(found))


def _kafka(operation: Operation) -> None:
    code, printed = operation.shell.code(compose_commands.check_kafka(operation.target))
    if code == 0 or "No module named" in printed:  # a release of before cannot tell
        return
    told = [line for line in printed.splitlines() if re.match("Kafka|KAFKA_|no broker", line)]
    raise OperationError(told[-1] if told else f"the look at it ended with {code}")


def _all_series(operation: Operation) -> None:
    polled, given_up = polled_and_given_up(operation)
    if given_up:
        raise OperationError(f"{given_up:.0f} of {polled:.0f} are given up: {WHICH_GIVEN_UP}")


def _rules(operation: Operation) -> None:
    query = "select line_number || ' ' || error from pg_hba_file_rules where error is not null"
    wrong = operation.run(compose_commands.psql(operation.target, "postgres", query=query)).strip()
    if wrong:
        raise OperationError(f"pg_hba.conf: {wrong}")


def _recent_backup(operation: Operation) -> None:
    if first_backup.is_awaited(operation):
        return
    label = newest(operation)
    if hours_since(label, operation.now()) > _BACKUP_HOURS:
        raise OperationError(f"the newest is {label}")


def _firewall(operation: Operation) -> None:
    operation.run("tapeline-firewall check")


def _port(operation: Operation) -> None:
    assert operation.outputs is not None  # noqa: S101 - asked for hosts alone
    is_listed = bool(allowlist.listed(operation))
    if not is_listed and answers_as_postgresql(operation.outputs.address, _POSTGRES_PORT):
        raise OperationError("it answers, although nobody is on the list")


def answers_as_postgresql(address: str, port: int) -> bool:
    """Return whether a server of PostgreSQL is reached: an engine that publishes a container's port
    takes every connection itself, whoever is behind it."""
    request_tls = struct.pack("!ii", 8, 80877103)
    try:
        with socket.create_connection((address, port), _ANSWER_SECONDS) as asked:
            asked.sendall(request_tls)
            return asked.recv(1) in (b"S", b"N")
    except OSError:
        return False
