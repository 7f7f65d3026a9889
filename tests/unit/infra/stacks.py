"""Runs the program under Pulumi's mocks: a configuration in, what was asked of the engine out.

Each stack runs in a process of its own, because the SDK keeps the mocks and every output in its
module's state, and because a process shows which SDKs were imported. They are forked from one that
has imported what is common to all, which takes most of the time of a run.
"""

from __future__ import annotations

import importlib
import json
import multiprocessing
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[3]
RENTED = ("aws", "azure", "gcp", "hcloud", "digitalocean")
CLOUDS = (*RENTED, "existing", "local")
_MOCKED = "tests.unit.infra.mocked"

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6MDEyMzQ1"
CANARY = "canary-5f2d"
"""Begins every secret: the mocks make passwords of it, the configuration's are told so."""

BASE: Mapping[str, str] = {
    "sshPublicKey": f"{PUBLIC_KEY} operator",
    "adminCidrs": "203.0.113.7,198.51.100.0/24",
    "powerBiCidrs": "192.0.2.0/24",
    "backupTarget": "on this machine only",
    "alphaVantageKey": f"{CANARY}-key",
    "deploy": "true",
}
OF_A_CLOUD: Mapping[str, Mapping[str, str]] = {
    **{cloud: {"size": "odd-size", "dataVolumeGb": "55"} for cloud in RENTED},
    "existing": {"hostAddress": "192.0.2.10", "hostKey": PUBLIC_KEY},
    "local": {},
}
LOOSE: Mapping[str, str] = {
    "powerBiCidrs": "",
    "certificate": "acme",
    "protect": "false",
    "keepData": "false",
    "deploy": "false",
}
"""What differs in the second of the two stacks that are run for each cloud."""
SHOWN: Mapping[str, str] = {
    "domain": "market.example.org",
    "certificate": "acme",
    "dashboardCidrs": "198.51.100.0/24",
}
"""What lets others come to the dashboard."""


@dataclass(frozen=True)
class Resource:
    """One resource as the program registered it; `options` are those that the tests look at."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Stack:
    """All that a run of the program left."""

    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any]
    secret_outputs: tuple[str, ...]
    sdks: tuple[str, ...]
    error: str
    said: tuple[str, ...]
    """What the program told the person."""

    def one(self, resource_type: str) -> Resource:
        """Return the only resource of this type."""
        (found,) = [entry for entry in self.resources if entry.type == resource_type]
        return found


def run(cloud: str, **config: str) -> Stack:
    """Run the program with the usual configuration for the cloud and what differs from it."""
    given = {"cloud": cloud, **BASE, **OF_A_CLOUD[cloud], **config}
    return _run(json.dumps(given, sort_keys=True))


@cache
def _run(config: str) -> Stack:
    with ProcessPoolExecutor(1, mp_context=_forks()) as pool:
        found = json.loads(pool.submit(_record, config).result())
    return Stack(
        resources=tuple(Resource(**entry) for entry in found["resources"]),
        outputs=found["outputs"],
        secret_outputs=tuple(found["secret_outputs"]),
        sdks=tuple(found["sdks"]),
        error=found["error"],
        said=tuple(found["said"]),
    )


def _record(config: str) -> str:
    # The process of the tests has no need of the SDK.
    return str(importlib.import_module(_MOCKED).record(config))


@cache
def _forks() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pulumi_command", "pulumi_random", "pulumi_tls", _MOCKED])
    return context
