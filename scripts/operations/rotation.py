"""Gives new secrets to those who use them, while bars go on coming in."""

from __future__ import annotations

from pathlib import Path

from scripts.operations import commands, key_rotation, markets, passwords
from scripts.operations.errors import OperationError
from scripts.operations.gate import await_health
from scripts.operations.session import Session
from services.secrets import certificates
from services.secrets.store import RefusalError

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
    if what == KEY:
        key = key_rotation.read(Path(file))
        markets.refuse_a_stacks_key(session)
        markets.refuse_mixing(session, has_key=True)
    pair = _pair(session, Path(file)) if what == CERTIFICATE and file else {}
    with session.locked(f"rotate {what}", ""):
        if what == KEY:
            key_rotation.bring(session, key, _GATE_SECONDS)
        elif pair:
            _serve(session, pair)
        elif what == CERTIFICATE:
            session.run(commands.renew_certificate(session.place))
        elif what == DASHBOARD:
            _dashboard(session)
        else:
            for command in commands.rotate_password(session.place, f"{what}_password"):
                session.run(command)
        await_health(session, _GATE_SECONDS)


def _pair(session: Session, folder: Path) -> dict[str, bytes]:
    """Return a certificate and its key, judged as they will be there. Raises OperationError."""
    if not session.place.given:
        raise OperationError("name the folder as TAPELINE_GIVEN in .env, then docker compose up -d")
    try:
        pair = {name: (folder / name).read_bytes() for name in CERTIFICATE_FILES}
        certificates.require_servable(folder)
    except (OSError, RefusalError) as error:
        raise OperationError(f"--file: {error}; the certificate in use stays") from None
    return pair


def _serve(session: Session, pair: dict[str, bytes]) -> None:
    """Hand the pair out; raises OperationError, with the pair of before back, if that fails."""
    files = [f"{session.place.given}/{name}" for name in CERTIFICATE_FILES]
    session.run(
        "; ".join(f"rm -f {file}.before; [ ! -e {file} ] || cp -p {file} {file}.before"
                  for file in files)
    )  # fmt: skip
    try:
        for name, data in pair.items():
            key_rotation.send(session, data, f"{session.place.given}/{name}")
        session.run(commands.hand_out(session.place))
    except (OperationError, KeyboardInterrupt) as error:
        session.run("; ".join(f"rm -f {file}; [ ! -e {file}.before ] || mv {file}.before {file}"
                              for file in files))  # fmt: skip
        session.run(commands.hand_out(session.place))
        raise OperationError(f"{error}\nthe certificate of before is in its place again") from error
    session.run("rm -f " + " ".join(f"{file}.before" for file in files))


def _dashboard(session: Session) -> None:
    given = passwords.given(session.place)
    if session.shell.code(f"test -e {given}")[0] == 0:
        raise OperationError(f"its password is the one in {given}: write another, then restart it")
    for command in passwords.remake(session.place):
        session.run(command)
