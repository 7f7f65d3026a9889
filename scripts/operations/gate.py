"""Waits until the containers are well, and says what it waits for."""

from __future__ import annotations

from scripts.operations import commands, health
from scripts.operations.errors import OperationError
from scripts.operations.session import Session

_LOOK_SECONDS = 3.0
_LOG_LINES = 25


def look(session: Session, *services: str) -> health.Health:
    """Return how the containers are now, all or those of some services."""
    return health.parse(session.run(commands.states(session.place, *services)))


def await_health(session: Session, seconds: int, *services: str) -> None:
    """Return once all are well; raises OperationError with the logs of those that are not."""
    begin = session.now()
    said = ""
    while True:
        found = look(session, *services)
        if found.is_good:
            which = ", ".join(services) or f"all {len(found.states)} services are"
            session.say(f"{which} well")
            return
        if str(found) != said:
            said = str(found)
            session.say(f"waiting for {said}")
        if (session.now() - begin).total_seconds() >= seconds:
            raise OperationError(f"not well after {seconds} s: {said}\n{_logs(session, found)}")
        session.wait(_LOOK_SECONDS)


def start(session: Session, seconds: int, service: str) -> None:
    """Start a service of the release that is there and what it needs; return once it is well."""
    session.run(session.place.compose("up", "--detach", "--no-build", service))
    await_health(session, seconds, service)


def _logs(session: Session, found: health.Health) -> str:
    command = session.place.compose(
        "logs", "--no-color", "--tail", str(_LOG_LINES), *sorted(found.unwell)
    )
    return session.run(command) if found.unwell else "there is no container"
