"""The policy pack reports what the predicates find, and nothing where the modules are right."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.infra.clouds.test_clouds import plain
from tests.unit.infra.stacks import RENTED, ROOT, SHOWN, run
from tests.unit.infra.test_exposure import WRONG

POLICIES = runpy.run_path(str(ROOT / "infra" / "policies" / "__main__.py"))["POLICIES"]


def violations(resource_type: str, inputs: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what each policy reports of the resource."""
    found: dict[str, list[str]] = {}
    for policy in POLICIES:
        policy.validate(
            SimpleNamespace(resource_type=resource_type, props=inputs),
            lambda text, _, name=policy.name: found.setdefault(name, []).append(text),
        )
    return found


@pytest.mark.parametrize("cloud", RENTED)
def test_what_the_modules_make_passes(cloud: str) -> None:
    for entry in (*run(cloud).resources, *run(cloud, **SHOWN).resources):
        assert violations(entry.type, plain(entry.inputs)) == {}


def test_what_is_wrong_is_reported_under_its_name() -> None:
    kind = "hcloud:index/firewall:Firewall"
    assert violations(kind, WRONG[kind]) == {
        "only-declared-ports": ["opens tcp 20-30, which nothing here needs"],
        "ssh-open-to-the-world": ["opens 20-30 to the world"],
    }


@pytest.mark.parametrize(("port", "name"), [("5432", "postgres"), ("443", "dashboard")])
def test_what_is_open_to_the_world_is_reported(port: str, name: str) -> None:
    rule = {"direction": "in", "protocol": "tcp", "port": port, "sourceIps": ["0.0.0.0/0"]}
    assert violations("hcloud:index/firewall:Firewall", {"rules": [rule]}) == {
        f"{name}-open-to-the-world": [f"opens {port} to the world"]
    }


def test_secrets_in_user_data_are_reported() -> None:
    assert violations("hcloud:index/server:Server", {"userData": "password: x"}) == {
        "no-secret-in-user-data": ["userData holds what looks like a secret: 'password: x'"]
    }
