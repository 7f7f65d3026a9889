"""The server's certificate: what openssl prints of it in, a line for a person out."""

from __future__ import annotations

from datetime import UTC, datetime

from powerbi.doctor.certificate_lifetime import Lifetime
from scripts.operations import compose_commands
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation

_TIMERS = {"own-ca": "tapeline-certificate", "acme": "tapeline-acme"}
"""The units of a host that renew a certificate; nothing renews one that was given."""


def state(operation: Operation) -> str:
    """Return how much of its life the certificate has left, and what renews it."""
    found, now = _asked(operation), operation.now()
    if found.ends_soon(now):
        return f"{found.left(now)}: {_remedy(operation)}"
    timer = _timer(operation)
    return found.left(now) + (f", renewed by {timer}.timer" if timer else "")


def require_lasting(operation: Operation) -> None:
    """Raise OperationError for a certificate that should have been renewed by now."""
    found, now = _asked(operation), operation.now()
    if found.ends_soon(now):
        raise OperationError(f"{found.left(now)}; {_remedy(operation)}")


def lifetime(printed: str) -> Lifetime:
    """Return what `openssl x509 -startdate -enddate` printed."""
    dates = dict(line.split("=", 1) for line in printed.split("\n") if "=" in line)
    return Lifetime(_moment(dates["notBefore"]), _moment(dates["notAfter"]))


def _moment(printed: str) -> datetime:
    return datetime.strptime(printed.strip(), "%b %d %H:%M:%S %Y GMT").replace(tzinfo=UTC)


def _asked(operation: Operation) -> Lifetime:
    return lifetime(operation.run(compose_commands.certificate_dates(operation.target)))


def _timer(operation: Operation) -> str:
    return _TIMERS.get(operation.outputs.certificate, "") if operation.outputs is not None else ""


def _remedy(operation: Operation) -> str:
    if timer := _timer(operation):
        return (
            f"{timer}.timer has not renewed it; on the host: journalctl -u {timer}, "
            f"then systemctl start {timer}"
        )
    if operation.target.is_remote:
        return "it was given; bring the next one: fab rotate certificate --file FOLDER"
    return "docker compose up -d renews our own; yours is the one in TAPELINE_GIVEN"
