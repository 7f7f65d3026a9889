"""Every cloud's module under mocks: the same outputs, the same openings, nothing shown."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from typing import Any

import pytest

from infra.catalog import CATALOG
from infra.exposure import (
    DATA_VOLUMES,
    ingress,
    undeclared_openings,
    user_data_findings,
    world_open_findings,
)
from infra.outputs import SECRETS, StackOutputs, from_mapping
from tests.unit.infra.expected import ADDRESSES, DEVICES, HELD, HOSTS, USER_DATA
from tests.unit.infra.mocked import ADDRESS
from tests.unit.infra.stacks import (
    CANARY,
    CLOUDS,
    LOOSE,
    PUBLIC_KEY,
    RENTED,
    ROOT,
    Resource,
    Stack,
    run,
)

SECRET_SIGNATURE = "4dabf18193072939515e22adb298388d"
"""How the SDK marks a secret on its way to the engine."""

ADMINS = ("203.0.113.7/32", "198.51.100.0/24")


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


def host_of(stack: Stack, cloud: str) -> Resource:
    """Return the VM."""
    return stack.one(HOSTS[cloud])


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
        domain="",
        certificate="own-ca",
        acme_email="",
        admin_cidrs=ADMINS,
        powerbi_cidrs=("192.0.2.0/24",),
        dashboard_cidrs=(),
        backup_target="",
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
    commands = [e for e in run(cloud).resources if e.type == "command:local:Command"]
    assert len(commands) == (2 if cloud in RENTED else 1)
    for command in commands:
        assert SECRET_SIGNATURE in command.inputs["stdin"]
        assert command.options["secret_outputs"] == ["stdout", "stderr"]
        assert len(command.inputs["triggers"]) == 1
        # What a build prints is neither shown twice nor put into the environment of the next one.
        assert command.inputs["logging"] == "stdout"
        assert command.inputs["addPreviousOutputInEnv"] is False


@pytest.mark.parametrize("cloud", CLOUDS)
def test_another_checkout_changes_nothing(cloud: str) -> None:
    inputs = [entry.inputs for entry in run(cloud).resources]
    assert str(ROOT) not in json.dumps(inputs)


def test_a_container_is_replaced_for_another_port_and_its_data_is_not() -> None:
    stack = run("local")
    options = host_of(stack, "local").options
    assert (options["protect"], options["delete_before_replace"]) == (False, True)
    assert options["ignore_changes"] == HELD["local"]
    assert data_volume(stack).options["protect"] is True


@pytest.mark.parametrize("cloud", RENTED)
def test_the_vm_and_its_address_are_guarded_and_the_data_is_kept(cloud: str) -> None:
    guarded, loose = (run(cloud, **config) for config in ({}, LOOSE))
    for stack, on in ((guarded, True), (loose, False)):
        host = host_of(stack, cloud)
        assert (host.options["protect"], host.options["ignore_changes"]) == (on, HELD[cloud])
        if cloud in ADDRESSES:
            assert stack.one(ADDRESSES[cloud]).options["protect"] is on
        volume = data_volume(stack)
        assert (volume.options["protect"], volume.options["retain_on_delete"]) == (on, on)


def data_volume(stack: Stack) -> Resource:
    """Return the volume that holds the data."""
    (volume,) = [
        entry
        for entry in stack.resources
        if entry.type in (*DATA_VOLUMES, "docker:index/volume:Volume")
        and entry.name == "tapeline-dev-data"
    ]
    return volume


@pytest.mark.parametrize("cloud", CLOUDS)
def test_everything_belongs_to_the_one_component(cloud: str) -> None:
    strays = [entry.name for entry in run(cloud).resources if not entry.options["has_parent"]]
    assert strays == ["dev"]


@pytest.mark.parametrize("cloud", RENTED)
def test_the_vm_is_made_as_the_settings_say(cloud: str) -> None:
    stack = run(cloud)
    host = host_of(stack, cloud).inputs
    assert "odd-size" in (
        host.get(name) for name in ("size", "serverType", "instanceType", "machineType")
    )
    volume = data_volume(stack).inputs
    assert 55 in (volume.get("size"), volume.get("diskSizeGb"))
    assert CATALOG[cloud].region in json.dumps([entry.inputs for entry in stack.resources])


def test_a_wrong_configuration_makes_nothing_and_says_one_line() -> None:
    stack = run("hcloud", adminCidrs="0.0.0.0/0")
    assert stack.resources == ()
    assert stack.error == (
        "adminCidrs opens SSH to the world; name your own, "
        "such as: pulumi config set adminCidrs 203.0.113.7/32"
    )


def test_pulumi_adds_no_line_of_its_own() -> None:
    # As its language host runs the program: exit code 32 says that the person has been told.
    program = """
import runpy, pulumi
pulumi.runtime.set_mocks(pulumi.runtime.Mocks, project="tapeline", stack="dev")
pulumi.runtime.set_all_config({"tapeline:cloud": "moon"})
pulumi.log.error = print
runpy.run_path("infra", run_name="__main__")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (32, "")
    assert re.fullmatch("cloud is 'moon'; it must be one of .*\\n", done.stdout)


@pytest.mark.parametrize("cloud", ["gcp", "local"])
def test_a_cloud_whose_sdk_is_not_installed_is_one_line(cloud: str) -> None:
    sdk = CATALOG[cloud].sdk or ""
    found = run(cloud, **{"--missing": sdk})
    assert (found.error, found.resources) == (
        f"cloud is {cloud}, whose SDK is not installed here; run: scripts/setup --cloud {cloud}",
        (),
    )


def test_a_secret_in_the_open_is_refused() -> None:
    stack = run("hcloud", **{"--hidden": "no"})
    assert stack.resources == ()
    assert stack.error == (
        "alphaVantageKey lies open in the stack's file; "
        "hide it: pulumi config set --secret alphaVantageKey"
    )
