"""Looks whether a target can run the pipeline: what a shell line printed in, what is wrong out."""

from __future__ import annotations

import re

from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases import published_ports

_OLDEST_ENGINE, _OLDEST_COMPOSE = (20, 10), (2, 39)
# From its fifth major version on, Compose has no builder of its own.
_BUILDX_FROM = (5,)
_LEAST_DISK_KB, _LEAST_MEMORY_KB = 5_000_000, 3_500_000
_COMPOSE_REMEDY = "install docker-compose-plugin, on a host by `fab provision`"
ASK = (
    "echo engine=$(docker version --format '{{.Server.Version}}'); "
    "echo compose=$(docker compose version --short); "
    "echo buildx=$(docker buildx version | cut -d ' ' -f 2); "
    "root=$(docker info --format '{{.DockerRootDir}}'); "
    "echo disk_kb=$(df -Pk \"$root\" | awk 'END {print $4}'); "
    "echo memory_kb=$(awk '/MemTotal/ {print $2}' /proc/meminfo)"
)


def problems(facts: str) -> list[str]:
    """Return what keeps a target from running the pipeline, from what ASK printed."""
    found = dict(line.split("=", 1) for line in facts.splitlines() if "=" in line)
    wrong = []
    for name, oldest in (("engine", _OLDEST_ENGINE), ("compose", _OLDEST_COMPOSE)):
        if _number(found.get(name, "")) < oldest:
            needed = ".".join(map(str, oldest))
            remedy = "" if name == "engine" else f"; {_COMPOSE_REMEDY}"
            wrong.append(
                f"Docker's {name} is {found.get(name) or 'missing'}, needs {needed}{remedy}"
            )
    if _number(found.get("compose", "")) >= _BUILDX_FROM and not found.get("buildx"):
        wrong.append(
            "Docker's buildx is missing, and this Compose builds with it: "
            "install docker-buildx-plugin (Debian: docker-buildx)"
        )
    for name, least in (("disk_kb", _LEAST_DISK_KB), ("memory_kb", _LEAST_MEMORY_KB)):
        if int(found.get(name) or 0) < least:
            what, has = name.removesuffix("_kb"), int(found.get(name) or 0) / 1e6
            wrong.append(f"{what}: {has:.1f} GB, needs {least / 1e6:.1f} GB")
    return wrong


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def preflight(operation: Operation) -> None:
    """Look whether the target can run the pipeline; changes nothing. Raises OperationError."""
    wrong = problems(operation.run(ASK))
    if not wrong and not operation.target.is_remote:
        wrong = published_ports.taken(operation)
    if wrong:
        raise OperationError(f"{operation.target.name} is not ready: {'; '.join(wrong)}")
