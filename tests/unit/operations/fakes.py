"""A shell that answers from a table and remembers what it was told; a session around it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from infra.outputs import StackOutputs, from_json
from scripts.operations import target
from scripts.operations.connectors import failure
from scripts.operations.operation import Operation

RECORDED = Path(__file__).parents[2] / "fixtures" / "stack_outputs.json"
HOST = target.host("prod")
COMPOSE = "/opt/tapeline/current/scripts/operations/hosts/host-compose"
Said = str | tuple[int, str]
Answer = Said | Callable[[], Said]


def outputs() -> StackOutputs:
    """Return the outputs of a stack as Pulumi printed them once."""
    return from_json(RECORDED.read_text("utf-8"))


class FakeShell:
    """Answers a command by the first key that it holds; without one, with nothing."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.answers = dict(answers)
        self.ran: list[str] = []
        self.sent: dict[str, bytes] = {}

    def code(self, command: str) -> tuple[int, str]:
        self.ran.append(command)
        for key, answer in self.answers.items():
            if key in command:
                said = answer() if callable(answer) else answer
                return said if isinstance(said, tuple) else (0, said)
        return 0, ""

    def run(self, command: str, *, given: str = "") -> str:  # noqa: ARG002
        code, printed = self.code(command)
        if code != 0:
            raise failure(command, code, printed)
        return printed

    def show(self, command: str) -> int:
        return self.code(command)[0]

    def send(self, data: bytes | Path, target: str) -> None:
        self.sent[target] = data.read_bytes() if isinstance(data, Path) else data


class Clock:
    """Begins on a day in November and goes on by what is waited."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 24, 20, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def wait(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


def operation(
    answers: Mapping[str, Answer], where: target.Target = HOST
) -> tuple[Operation, FakeShell, list[str]]:
    """Return a session, its shell, and what it says to the person."""
    shell, clock, said = FakeShell(answers), Clock(), list[str]()
    made = Operation(
        where,
        shell,
        "ann@desk",
        outputs() if where.is_remote else None,
        said.append,
        clock.now,
        clock.wait,
    )
    return made, shell, said


def listed(**states: str) -> str:
    """Return what Compose prints of services in these states."""
    lines = []
    for name, state in states.items():
        word, _, code = state.partition(" ")
        is_plain = word in ("exited", "created", "running")
        lines.append(
            json.dumps(
                {
                    "Service": name.replace("_", "-"),
                    "State": word if is_plain else "running",
                    "Health": "" if is_plain else word,
                    "ExitCode": int(code or 0),
                }
            )
        )
    return "\n".join(lines)
