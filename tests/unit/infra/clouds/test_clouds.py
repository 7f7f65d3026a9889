"""Every cloud's module under mocks: the same outputs, the same openings, nothing shown."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from typing import Any

import pytest

from infra.config.catalog import CATALOG
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
        take_over_host=False,
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
    commands = [e for e in run(cloud).resources if "stdin" in e.inputs]
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


@pytest.mark.parametrize("cloud", RENTED)
def test_where_the_cloud_refuses_the_vm_no_volume_is_made_that_nothing_uses(cloud: str) -> None:
    stack = run(cloud, **{"--refused": HOSTS[cloud]})
    assert stack.error == f"the cloud refuses {HOSTS[cloud]}"
    made = {entry.type for entry in stack.resources}
    assert made & {*DATA_VOLUMES} == set()
    # These take the address for the VM, not the VM for the address.
    assert (ADDRESSES[cloud] in made) is (cloud in ("azure", "gcp", "hcloud"))


@pytest.mark.parametrize("cloud", RENTED)
def test_the_volume_does_not_depend_on_the_vm_that_it_outlives(cloud: str) -> None:
    stack = run(cloud)
    assert data_volume(stack).options["after"] == []
    assert "tapeline-dev-host" not in json.dumps(data_volume(stack).inputs)


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


def test_a_size_with_nvme_alone_has_its_disk_elsewhere() -> None:
    sizes = ("Standard_B2as_v2", "Standard_D2as_v5", "Standard_D2as_v6", "Standard_E2s_v10")
    devices = [run("azure", size=size).outputs["data_volume_device"] for size in sizes]
    by_scsi, by_nvme = "/dev/disk/azure/scsi1/lun10", "/dev/disk/azure/data/by-lun/10"
    assert devices == [by_scsi, by_scsi, by_nvme, by_nvme]


def test_aws_takes_a_zone_that_there_is_and_says_where_there_is_none() -> None:
    stack = run("aws")
    volume, subnet = data_volume(stack), stack.one("aws:ec2/subnet:Subnet")
    for one in (volume, subnet):
        assert one.inputs["availabilityZone"] == "eu-central-1b"
        # Another zone may come first the next time.
        assert one.options["ignore_changes"] == ["availabilityZone"]
    refused = run("aws", **{"--zones": "[]"})
    assert refused.error == (
        "no zone of eu-central-1 has the size odd-size; set another: "
        "pulumi config set size m7i-flex.large, or: pulumi config set region eu-west-1"
    )
    assert [one.type for one in refused.resources if one.type.startswith("aws:")] == []


BEFORE = {"--before": '{"cloud": "hcloud", "data_volume_gb": 80}'}


def test_a_smaller_volume_is_refused_before_anything_is_made() -> None:
    stack = run("hcloud", **BEFORE)
    assert (stack.resources, stack.error) == (
        (),
        "dataVolumeGb is 55, and the data volume has 80 GB, which nothing makes smaller: "
        "pulumi config set dataVolumeGb 80",
    )
    assert run("hcloud", dataVolumeGb="80", **BEFORE).error == ""
    assert run("gcp", **BEFORE).error == ""


def test_a_first_up_says_what_to_do_where_the_cloud_refuses() -> None:
    line = (
        "if aws refuses odd-size in eu-central-1: accounts on the free plan take size "
        "m7i-flex.large (8 GB). Set it (pulumi config set size NAME, or region NAME) and run "
        "pulumi up again"
    )
    assert run("aws").said == (line,)
    assert run("aws", **{"--before": '{"cloud": "aws"}'}).said == ()
    assert run("local").said == ()


@pytest.mark.parametrize(
    ("cloud", "name", "value", "where"),
    [
        ("local", "size", "cx33", "aws, azure, gcp, hcloud, digitalocean"),
        ("existing", "region", "nbg1", "aws, azure, gcp, hcloud, digitalocean"),
        ("local", "image", "debian-13", "aws, azure, gcp, hcloud, digitalocean"),
        ("existing", "dataVolumeGb", "80", "aws, azure, gcp, hcloud, digitalocean"),
        ("hcloud", "hostAddress", "192.0.2.10", "existing"),
        ("hcloud", "localSshPort", "2300", "local"),
    ],
)
def test_what_means_nothing_at_a_cloud_is_refused(
    cloud: str, name: str, value: str, where: str
) -> None:
    stack = run(cloud, **{name: value})
    assert (stack.resources, stack.error) == (
        (),
        f"{name} is for {where}, and cloud is {cloud}: pulumi config rm {name}",
    )


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
