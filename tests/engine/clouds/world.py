"""What the clouds have: resources by type and identifier, and who really makes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tests.engine.clouds.values import Values, plain


class RefusedError(Exception):
    """The cloud does not do it; the message is the cloud's."""


class Operator(Protocol):
    """The machine that runs Pulumi."""

    def run(self, line: str, inputs: Values) -> Values:
        """Run a command; return its outputs. Raises RefusedError."""


class Maker(Protocol):
    """Really makes, finds and removes the resources of a type."""

    def create(self, inputs: Values) -> tuple[str, Values]:
        """Make one; return its identifier and what only its maker knows. Raises RefusedError."""

    def is_there(self, identifier: str) -> bool:
        """Return whether it is still there."""

    def delete(self, identifier: str) -> None:
        """Remove it. Raises RefusedError."""


@dataclass
class Kept:
    """A resource as the cloud has it."""

    urn: str
    inputs: Values
    outputs: Values

    @property
    def type(self) -> str:
        """Return the type's token."""
        return type_of(self.urn)


@dataclass
class World:
    """All that the clouds have, by type and identifier."""

    operator: Operator
    makers: Mapping[str, Maker] = field(default_factory=dict)
    kept: dict[tuple[str, str], Kept] = field(default_factory=dict)
    on_made: Callable[[Kept], None] = lambda _: None
    on_gone: Callable[[Kept], None] = lambda _: None

    def of_type(self, token: str) -> list[Kept]:
        """Return all resources of one type."""
        return [kept for (kind, _), kept in self.kept.items() if kind == token]

    def held_by(self, group: str) -> list[str]:
        """Return what a resource group of Azure still contains."""
        return [
            kept.urn
            for kept in self.kept.values()
            if plain(kept.inputs).get("resourceGroupName") == group
        ]

    def remove(self, token: str) -> None:
        """Remove a type's resources, as a person in the cloud's console would."""
        for key in [key for key in self.kept if key[0] == token]:
            del self.kept[key]


def type_of(urn: str) -> str:
    """Return the type's token without its parents'."""
    return urn.split("::")[2].rpartition("$")[2]


def name_of(urn: str) -> str:
    """Return the name that the program gives."""
    return urn.split("::")[3]
