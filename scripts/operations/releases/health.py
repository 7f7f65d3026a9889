"""Judges the containers: what `docker compose ps --format json` printed in, a verdict out."""

from __future__ import annotations

import json
from dataclasses import dataclass

# Whatever goes on has a health check: one that is merely running is a job that has not ended, or
# was started this moment, and may die in the next.
_GOOD = frozenset({"healthy", "exited 0"})


@dataclass(frozen=True)
class Health:
    """How each service is, by its name: healthy, starting, exited 0, ..."""

    states: dict[str, str]

    @property
    def unwell(self) -> dict[str, str]:
        """The services that are neither healthy nor done."""
        return {name: state for name, state in self.states.items() if state not in _GOOD}

    @property
    def is_good(self) -> bool:
        """Return whether there are containers, and all are well."""
        return bool(self.states) and not self.unwell

    def __str__(self) -> str:
        waiting = ", ".join(f"{name} {state}" for name, state in sorted(self.unwell.items()))
        return waiting or f"all {len(self.states)} well"


def parse(printed: str) -> Health:
    """Return the health of what Compose listed, one JSON object a line."""
    states: dict[str, str] = {}
    for line in printed.splitlines():
        if not line.startswith("{"):
            continue
        found = json.loads(line)
        state = found["State"]
        if state == "exited":
            state = f"exited {found['ExitCode']}"
        elif state == "running" and found.get("Health"):
            state = found["Health"]
        name = found["Service"]
        # Of several containers of a service, the one that is worse off counts.
        if name not in states or states[name] in _GOOD:
            states[name] = state
    return Health(states)
