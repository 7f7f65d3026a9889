"""What the engine tells while it works: its steps, errors and violations of the policies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from pulumi.automation.events import EngineEvent

from tests.engine.clouds.world import name_of, type_of

STACK: Final = "trial"
_PREFIX: Final = f"tapeline-{STACK}-"
_OPERATIONS: Final = {"create", "update", "replace", "delete"}
"""Of a replacement also the single steps are told, which are left out here."""

_REPEATED: Final = ("preview failed", "update failed", "an unhandled error occurred: ")

Changes = Mapping[str, tuple[str, ...]]
"""What is done (create, update, replace, delete), each with the resources it is done to."""


def short(urn: str) -> str:
    """Return a resource's kind and name without what every name begins with."""
    return f"{type_of(urn).rpartition(':')[2]} {name_of(urn).removeprefix(_PREFIX)}"


@dataclass
class Watch:
    """Listens to the engine while it works."""

    done: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    said: list[str] = field(default_factory=list)
    violations: dict[str, tuple[str, str, str]] = field(default_factory=dict)

    def hear(self, event: EngineEvent) -> None:
        """Note what the engine does and says."""
        for step in (event.resource_pre_event, event.res_outputs_event):
            if step is not None and step.metadata.op.value in _OPERATIONS:
                self.done[step.metadata.op.value].add(short(step.metadata.urn))
        if event.diagnostic_event is not None and event.diagnostic_event.severity == "error":
            self.said.append(event.diagnostic_event.message)
        if (found := event.policy_event) is not None:
            told = found.message.strip().splitlines()[-1]
            where = short(found.resource_urn or "")
            self.violations[found.policy_name] = (found.enforcement_level, where, told)

    @property
    def refusal(self) -> Changes:
        """Return why nothing is done: the resource is protected, or what the program says."""
        said = [text.strip() for text in self.said]
        if any("protect" in text for text in said):
            return {"refused": ("protected",)}
        return {"refused": tuple(text for text in said if not text.startswith(_REPEATED))}

    @property
    def changes(self) -> Changes:
        """Return what changes; the steps of a replacement are told as one."""
        return {name: tuple(sorted(urns)) for name, urns in sorted(self.done.items())}
