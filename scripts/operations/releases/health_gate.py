"""Waits until the containers are well, and says what it waits for."""

from __future__ import annotations

from scripts.operations import compose_commands
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases import health

_LOOK_SECONDS = 3.0
_LOG_LINES = 25


def look(operation: Operation, *services: str) -> health.Health:
    """Return how the containers are now, all or those of some services."""
    return health.parse(operation.run(compose_commands.states(operation.target, *services)))


def await_health(operation: Operation, seconds: int, *services: str) -> None:
    """Return once all are well; raises OperationError with the logs of those that are not."""
    begin = operation.now()
    said = ""
    while True:
        found = look(operation, *services)
        if found.is_good:
            which = ", ".join(services) or f"all {len(found.states)} services are"
            operation.say(f"{which} well")
            return
        if str(found) != said:
            said = str(found)
            operation.say(f"waiting for {said}")
        if (operation.now() - begin).total_seconds() >= seconds:
            raise OperationError(f"not well after {seconds} s: {said}\n{_logs(operation, found)}")
        operation.wait(_LOOK_SECONDS)


def start(operation: Operation, seconds: int, service: str) -> None:
    """Start a service of the release that is there and what it needs; return once it is well."""
    operation.run(operation.target.compose("up", "--detach", "--no-build", service))
    await_health(operation, seconds, service)


def _logs(operation: Operation, found: health.Health) -> str:
    command = operation.target.compose(
        "logs", "--no-color", "--tail", str(_LOG_LINES), *sorted(found.unwell)
    )
    return operation.run(command) if found.unwell else "there is no container"
