"""Reads what a program would make."""

from __future__ import annotations

from tests.unit.infra.expected import HOSTS
from tests.unit.infra.stacks import (
    Resource,
    Stack,
)


def host_of(stack: Stack, cloud: str) -> Resource:
    """Return the VM."""
    return stack.one(HOSTS[cloud])
