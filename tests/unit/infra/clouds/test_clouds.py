"""Every cloud's module under mocks: the same outputs, the same openings, nothing shown."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from infra.exposure import (
    ingress,
    undeclared_openings,
    user_data_findings,
    world_open_findings,
)
from infra.outputs import SECRETS, StackOutputs, from_mapping
from tests.unit.infra.clouds.planned import host_of
from tests.unit.infra.expected import DEVICES, HOSTS, USER_DATA
from tests.unit.infra.mocked import ADDRESS
from tests.unit.infra.stacks import (
    CANARY,
    CLOUDS,
    LOOSE,
    PUBLIC_KEY,
    RENTED,
    Stack,
    run,
)

SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""How the SDK marks a secret on its way to the engine."""

ADMINS = ("198.51.100.0/24", "203.0.113.7/32")


def plain(value: Any) -> Any:
    """Return the value without the marks of secrets."""
    if isinstance(value, dict):
        return (
            plain(value["value"])
            if SECRET_SIGNATURE in value
            else {name: plain(part) for name, part in value.items()}
        )
    return [plain(part) for part in value] if isinstance(value, list) else value


def openings(stack: Stack) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return all that the stack's firewall lets in."""
    return [
        (found.protocol, found.ports, found.sources)
        for entry in stack.resources
        for found in ingress(entry.type, entry.inputs)
    ]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_cloud_gives_the_same_outputs(cloud: str) -> None:
    stack = run(cloud, sshIdentityFile="~/.ssh/market")
    found = from_mapping(stack.outputs)
    address = {"existing": "192.0.2.10", "local": "127.0.0.1"}.get(cloud, ADDRESS)
    port = 2222 if cloud == "local" else 22
    pinned = f"[{address}]:{port}" if port != 22 else address
    assert found.data_volume_device.startswith(DEVICES[cloud])
    assert found == StackOutputs(
        stack="dev",
        cloud=cloud,
        address=address,
        ssh_user="tapeline",
        ssh_port=port,
        ssh_identity_file="~/.ssh/market",
        host_key=f"{pinned} {PUBLIC_KEY}",
        data_volume_device=found.data_volume_device,
        take_over_host=False,
        domain="",
        certificate="own-ca",
        acme_email="",
        admin_cidrs=ADMINS,
        powerbi_cidrs=("192.0.2.0/24",),
        dashboard_cidrs=(),
        backup_target="",
        backup_known_hosts="",
        settings={},
        build_ca="",
        data_volume_gb=55 if cloud in RENTED else 0,
        secrets=found.secrets,
    )


@pytest.mark.parametrize("cloud", CLOUDS)
def test_secrets_are_made_and_marked(cloud: str) -> None:
    stack = run(cloud)
    secrets = stack.outputs["secrets"]
    assert stack.secret_outputs == ("secrets",)
    assert sorted(secrets) == sorted(SECRETS)
    assert secrets["postgres_password"] == f"{CANARY}-postgres-password"
    assert secrets["alpha_vantage_key"] == f"{CANARY}-key"
    shown = {name: value for name, value in stack.outputs.items() if name != "secrets"}
    assert CANARY not in json.dumps(shown)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_only_the_chosen_sdk_is_imported(cloud: str) -> None:
    sdk = {"local": ("pulumi_docker",), "existing": ()}.get(cloud, (f"pulumi_{cloud}",))
    assert run(cloud).sdks == sdk


@pytest.mark.parametrize("cloud", RENTED)
def test_only_the_declared_ports_come_in(cloud: str) -> None:
    stack = run(cloud)
    # Where each opening is a resource of its own they are made in any order.
    found = sorted(openings(stack))
    assert found == [("tcp", "22", ADMINS), ("tcp", "5432", ("192.0.2.0/24",))]
    for entry in stack.resources:
        assert undeclared_openings(entry.type, entry.inputs) == []
        assert world_open_findings(22, entry.type, entry.inputs) == []
        assert world_open_findings(5432, entry.type, entry.inputs) == []


@pytest.mark.parametrize("cloud", RENTED)
def test_without_readers_postgres_stays_closed_and_acme_opens_its_port(cloud: str) -> None:
    stack = run(cloud, **LOOSE)
    assert sorted(openings(stack)) == [("tcp", "22", ADMINS), ("tcp", "80", ("0.0.0.0/0",))]


def test_the_local_container_is_published_on_loopback_alone() -> None:
    assert published(run("local")) == [("127.0.0.1", 2222, 22), ("127.0.0.1", 5432, 5432)]


def published(stack: Stack) -> list[tuple[str, int, int]]:
    """Return what the container that stands in for a VM publishes."""
    ports = host_of(stack, "local").inputs["ports"]
    return [(port["ip"], port["external"], port["internal"]) for port in ports]


@pytest.mark.parametrize("cloud", RENTED)
def test_user_data_holds_no_secret_but_the_first_contacts_key(cloud: str) -> None:
    marked = host_of(run(cloud), cloud).inputs[USER_DATA[cloud]]
    assert SECRET_SIGNATURE in json.dumps(marked)
    text = rendered(cloud, plain(marked))
    assert PUBLIC_KEY in text
    assert text.count(CANARY) == 1
    assert f"PRIVATE {CANARY}-tapeline-dev-first-contact" in text
    assert user_data_findings({"userData": text}) == []


def rendered(cloud: str, user_data: Any) -> str:
    """Return the user data as the VM sees it."""
    if cloud == "gcp":
        return str(user_data["startup-script"])
    if cloud == "azure":
        return base64.b64decode(user_data).decode()
    return str(user_data)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_secrets_reach_only_what_needs_them(cloud: str) -> None:
    holders = {
        entry.type
        for entry in run(cloud).resources
        if CANARY in json.dumps(entry.inputs).replace(f"{CANARY}-tapeline-dev-first-contact", "")
    }
    # The container is no cloud's: its file system is on the operator's machine.
    local = {HOSTS["local"]} if cloud == "local" else set()
    assert holders == {"command:local:Command"} | local


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_handed_to_a_command_is_marked_secret(cloud: str) -> None:
    commands = [e for e in run(cloud).resources if "stdin" in e.inputs]
    assert len(commands) == (2 if cloud in RENTED else 1)
    for command in commands:
        assert SECRET_SIGNATURE in command.inputs["stdin"]
        assert command.options["secret_outputs"] == ["stdout", "stderr"]
        assert len(command.inputs["triggers"]) == 1
        # What a build prints is neither shown twice nor put into the environment of the next one.
        assert command.inputs["logging"] == "stdout"
        assert command.inputs["addPreviousOutputInEnv"] is False


def test_a_droplet_is_behind_its_firewall_from_first_to_last() -> None:
    stack = run("digitalocean")
    firewall = stack.one("digitalocean:index/firewall:Firewall")
    droplet = host_of(stack, "digitalocean")
    assert firewall.inputs["tags"] == droplet.inputs["tags"] == ["tapeline-dev-tag"]
    assert "dropletIds" not in firewall.inputs
    assert droplet.options["after"] == ["tapeline-dev-firewall"]


def test_nobody_connects_before_azures_firewall_is_there() -> None:
    stack = run("azure")
    commands = [one for one in stack.resources if "stdin" in one.inputs]
    [contact] = [one for one in commands if one.name == "tapeline-dev-first-contact"]
    assert "tapeline-dev-firewall" in contact.options["after"]
