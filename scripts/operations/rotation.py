"""Gives new secrets to those who use them, while bars go on coming in."""

from __future__ import annotations

from pathlib import Path

from scripts.operations import commands, markets, passwords
from scripts.operations.errors import OperationError
from scripts.operations.gate import await_health
from scripts.operations.session import Session

KEY, CERTIFICATE, DASHBOARD = "key", "certificate", "dashboard"
CERTIFICATE_FILES = ("server.crt", "server.key")
_GATE_SECONDS = 300


def names() -> tuple[str, ...]:
    """Return what can be rotated."""
    roles = (name.removesuffix("_password") for name in commands.PASSWORD_USERS)
    return (KEY, CERTIFICATE, *roles, DASHBOARD)


def rotate(session: Session, what: str, file: str = "") -> None:
    """Rotate the API key, the certificate, or a password. Raises OperationError.

    `file` holds the new key; or it is a folder with a certificate to serve from now on, as
    server.crt and server.key.
    """
    if what not in names():
        raise OperationError(f"{what!r} cannot be rotated; there are {', '.join(names())}")
    if what == KEY and not file:
        raise OperationError("the new key is read from a file: fab rotate key --file my_key.txt")
    if file and what not in (KEY, CERTIFICATE):
        raise OperationError("a new password is made there; --file is for a key or a certificate")
    given = _read(Path(file), ("",) if what == KEY else CERTIFICATE_FILES) if file else {}
    if what == KEY:
        markets.refuse_a_stacks_key(session)
        markets.refuse_mixing(session, has_key=True)
    with session.locked(f"rotate {what}", ""):
        if what == KEY:
            _key(session, given[""])
        elif what == CERTIFICATE and given:
            _serve(session, given)
        elif what == CERTIFICATE:
            session.run(commands.renew_certificate(session.place))
        elif what == DASHBOARD:
            _dashboard(session)
        else:
            for command in commands.rotate_password(session.place, f"{what}_password"):
                session.run(command)
        await_health(session, _GATE_SECONDS)


def _read(place: Path, names_: tuple[str, ...]) -> dict[str, bytes]:
    try:
        return {name: (place / name if name else place).read_bytes() for name in names_}
    except OSError as error:
        raise OperationError(f"--file: {error}") from None


def _send(session: Session, data: bytes, file: str) -> None:
    session.shell.send(data, file)
    session.run(f"chown 10001:10001 {file} && chmod 0400 {file}")


def _serve(session: Session, given: dict[str, bytes]) -> None:
    if not session.place.given:
        raise OperationError("name the folder as TAPELINE_GIVEN in .env, then docker compose up -d")
    for name, data in given.items():
        _send(session, data, f"{session.place.given}/{name}")
    session.run(commands.hand_out(session.place))


def _dashboard(session: Session) -> None:
    given = passwords.given(session.place)
    if session.shell.code(f"test -e {given}")[0] == 0:
        raise OperationError(f"its password is the one in {given}: write another, then restart it")
    for command in passwords.remake(session.place):
        session.run(command)


def _key(session: Session, key: bytes) -> None:
    _send(session, key.strip() + b"\n", f"{session.place.keys}/alpha_vantage_key")
    if session.place.is_remote:
        session.run(f"rm -f {markets.KEY_OF_THE_STACK}")
    session.run(commands.restart(session.place, "simulator"))
    session.run(commands.restart(session.place, "producer"))
