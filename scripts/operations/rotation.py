"""Gives new secrets to those who use them, while bars go on coming in."""

from __future__ import annotations

from scripts.operations import commands
from scripts.operations.errors import OperationError
from scripts.operations.gate import await_health
from scripts.operations.session import Session

KEY, CERTIFICATE = "key", "certificate"
_GATE_SECONDS = 300


def names() -> tuple[str, ...]:
    """Return what can be rotated."""
    return (KEY, CERTIFICATE, *(name.removesuffix("_password") for name in commands.PASSWORD_USERS))


def rotate(session: Session, what: str, key: str = "") -> None:
    """Rotate the API key, the certificate, or the password of a role. Raises OperationError."""
    if what not in names():
        raise OperationError(f"{what!r} cannot be rotated; there are {', '.join(names())}")
    if (what == KEY) != bool(key):
        raise OperationError("the new key is read from a file: fab rotate key --file my_key.txt")
    with session.locked(f"rotate {what}", ""):
        if what == KEY:
            _key(session, key)
        elif what == CERTIFICATE:
            session.run(commands.renew_certificate(session.place))
        else:
            for command in commands.rotate_password(session.place, f"{what}_password"):
                session.run(command)
        await_health(session, _GATE_SECONDS)


def _key(session: Session, key: str) -> None:
    file = f"{session.place.keys}/alpha_vantage_key"
    session.shell.send(f"{key.strip()}\n".encode(), file)
    session.run(f"chown 10001:10001 {file} && chmod 0400 {file}")
    session.run(commands.restart(session.place, "simulator"))
    session.run(commands.restart(session.place, "producer"))
