"""Puts a new API key in the place of the old one, which is kept until the new one answered."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Final

from scripts.operations import compose_commands
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases import data_origin
from scripts.operations.releases.health_gate import await_health
from services.common.settings import Environment, SettingError
from services.producer.alpha_vantage.classify import Kind
from services.producer.alpha_vantage.source import read_key

_ANSWER_SECONDS = 90.0
_LOOK_SECONDS = 3.0
_KNOWN: Final = (
    *(Kind.DATA, Kind.EMPTY, Kind.BURST, Kind.MINUTE, Kind.DAILY, Kind.TOO_MANY),
    *(Kind.PREMIUM, Kind.NOT_ENTITLED, Kind.BAD_CALL, Kind.BAD_FUNCTION),
)
"""The answers that the vendor gives to whom it knows."""


def read(file: Path) -> bytes:
    """Return the key of a file, judged as the producer will. Raises OperationError."""
    try:
        key = read_key(Environment({"ALPHA_VANTAGE_KEY_FILE": str(file)}), simulated=False)
    except SettingError as error:
        raise OperationError(f"--file: {error}; the key in use stays") from None
    return key.reveal().encode() + b"\n"


def bring(operation: Operation, key: bytes, gate_seconds: int) -> None:
    """Let the producer have the key; raises OperationError, with the old key back, if it fails."""
    file = f"{operation.target.keys}/alpha_vantage_key"
    kept = f"{file}.before"
    operation.run(f"rm -f {kept}; if [ -e {file} ]; then cp -p {file} {kept}; fi")
    had_one = operation.shell.code(f"test -e {kept}")[0] == 0
    send(operation, key, file)
    try:
        answered = _try(operation, gate_seconds)
    except (OperationError, KeyboardInterrupt) as error:
        operation.run(f"mv {kept} {file}" if had_one else f"rm -f {file}")
        _restart(operation)
        await_health(operation, gate_seconds)
        back = "the key of before is in its place again"
        raise OperationError(
            f"{error}\n{back if had_one else 'there is no key again, as before'}"
        ) from error
    if operation.target.is_remote:
        operation.run(f"rm -f {data_origin.KEY_OF_THE_STACK}")
    if answered:
        operation.run(f"rm -f {kept}")
    else:
        stays = f"; the one of before stays beside it as {kept}" if had_one else ""
        operation.say(
            f"the vendor has not answered within {_ANSWER_SECONDS:.0f} s, so nobody has tried the "
            f"key yet{stays}"
        )


def send(operation: Operation, data: bytes, file: str) -> None:
    """Replace a file that the containers read, as a whole."""
    draft = shlex.quote(f"{file}.new")
    operation.shell.send(data, f"{file}.new")
    operation.run(f"chown 10001:10001 {draft} && chmod 0400 {draft} && mv {draft} {file}")


def _try(operation: Operation, gate_seconds: int) -> bool:
    """Return whether the vendor has answered to the key. Raises OperationError if it refused."""
    _restart(operation)
    begin = operation.now()
    while (operation.now() - begin).total_seconds() < _ANSWER_SECONDS:
        if _ends(operation):
            raise OperationError(f"the producer ends with the new key: {_last_words(operation)}")
        code, printed = operation.shell.code(compose_commands.metrics(operation.target, "producer"))
        if code == 0 and _known(printed):
            break
        operation.wait(_LOOK_SECONDS)
    await_health(operation, gate_seconds)
    return code == 0 and _known(printed)


def _restart(operation: Operation) -> None:
    # Each looks at its start whether there is a key.
    for service in ("simulator", "producer"):
        operation.run(compose_commands.restart(operation.target, service))


def _ends(operation: Operation) -> int:
    """Return how often the producer has ended by itself since it was restarted."""
    printed = operation.run(compose_commands.restart_count(operation.target, "producer"))
    return sum(int(line) for line in printed.split() if line.isdigit())


def _known(printed: str) -> bool:
    counts = re.findall(r'^tapeline_producer_answers_total\{kind="(\w+)"\} (\S+)$', printed, re.M)
    return any(float(count) > 0 for kind, count in counts if kind in _KNOWN)


def _last_words(operation: Operation) -> str:
    """Return the last error in the producer's log, without the words that stand before it."""
    command = operation.target.compose("logs", "--no-color", "--no-log-prefix", "--tail", "40")
    _, printed = operation.shell.code(f"{command} producer")
    lines = [line for line in printed.splitlines() if re.search(r"CRITICAL|ERROR|: ", line)]
    worst = [line for line in lines if "CRITICAL" in line] or lines
    return worst[-1].strip() if worst else "it says nothing"
