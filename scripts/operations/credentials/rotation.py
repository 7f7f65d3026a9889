"""Gives new secrets to those who use them, while bars go on coming in."""

from __future__ import annotations

from pathlib import Path

from scripts.operations import compose_commands
from scripts.operations.credentials import api_key_rotation, given_file, kafka_files, passwords
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases import data_origin
from scripts.operations.releases.health_gate import await_health
from services.secrets import certificates
from services.secrets.store import RefusalError

KEY, CERTIFICATE, DASHBOARD = "key", "certificate", "dashboard"
CERTIFICATE_FILES = ("server.crt", "server.key")
_GATE_SECONDS = 300


def names() -> tuple[str, ...]:
    """Return what can be rotated."""
    roles = (name.removesuffix("_password") for name in compose_commands.PASSWORD_USERS)
    return (KEY, CERTIFICATE, *roles, DASHBOARD, *kafka_files.FILES)


def rotate(operation: Operation, what: str, file: str = "") -> None:
    """Rotate the API key, the certificate, a password, or a file of a Kafka elsewhere.

    Raises OperationError. `file` holds the new key, or what comes from who runs that Kafka; or it
    is a folder with a certificate to serve from now on, as server.crt and server.key.
    """
    if what not in names():
        raise OperationError(f"{what!r} cannot be rotated; there are {', '.join(names())}")
    if what == KEY and not file:
        raise OperationError("the new key is read from a file: fab rotate key --file my_key.txt")
    if what in kafka_files.FILES:
        if not file:
            raise OperationError(f"it is read from a file: fab rotate {what} --file FILE")
        given = given_file.read(file)
        with operation.locked(f"rotate {what}", ""):
            kafka_files.bring(operation, what, given, _GATE_SECONDS)
        return
    if file and what not in (KEY, CERTIFICATE):
        raise OperationError("a new password is made there; --file is for a key or a certificate")
    if what == KEY:
        key = api_key_rotation.read(Path(file))
        data_origin.refuse_a_stacks_key(operation)
        data_origin.refuse_mixing(operation, has_key=True)
    pair = _pair(operation, Path(file)) if what == CERTIFICATE and file else {}
    with operation.locked(f"rotate {what}", ""):
        if what == KEY:
            api_key_rotation.bring(operation, key, _GATE_SECONDS)
        elif pair:
            _serve(operation, pair)
        elif what == CERTIFICATE:
            operation.run(compose_commands.renew_certificate(operation.target))
        elif what == DASHBOARD:
            _dashboard(operation)
        else:
            for command in compose_commands.rotate_password(operation.target, f"{what}_password"):
                operation.run(command)
        await_health(operation, _GATE_SECONDS)


def _pair(operation: Operation, folder: Path) -> dict[str, bytes]:
    """Return a certificate and its key, judged as they will be there. Raises OperationError."""
    if not operation.target.given:
        raise OperationError("name the folder as TAPELINE_GIVEN in .env, then docker compose up -d")
    try:
        pair = {name: (folder / name).read_bytes() for name in CERTIFICATE_FILES}
        certificates.require_servable(folder)
    except (OSError, RefusalError) as error:
        raise OperationError(f"--file: {error}; the certificate in use stays") from None
    return pair


def _serve(operation: Operation, pair: dict[str, bytes]) -> None:
    """Hand the pair out; raises OperationError, with the pair of before back, if that fails."""
    files = [f"{operation.target.given}/{name}" for name in CERTIFICATE_FILES]
    operation.run(
        "; ".join(f"rm -f {file}.before; [ ! -e {file} ] || cp -p {file} {file}.before"
                  for file in files)
    )  # fmt: skip
    try:
        for name, data in pair.items():
            api_key_rotation.send(operation, data, f"{operation.target.given}/{name}")
        operation.run(compose_commands.hand_out(operation.target))
    except (OperationError, KeyboardInterrupt) as error:
        operation.run("; ".join(f"rm -f {file}; [ ! -e {file}.before ] || mv {file}.before {file}"
                              for file in files))  # fmt: skip
        operation.run(compose_commands.hand_out(operation.target))
        raise OperationError(f"{error}\nthe certificate of before is in its place again") from error
    operation.run("rm -f " + " ".join(f"{file}.before" for file in files))


def _dashboard(operation: Operation) -> None:
    given = passwords.given(operation.target)
    if operation.shell.code(f"test -e {given}")[0] == 0:
        raise OperationError(f"its password is the one in {given}: write another, then restart it")
    for command in passwords.remake(operation.target):
        operation.run(command)
