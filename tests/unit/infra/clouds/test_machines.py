"""What each cloud makes of a VM, its address and its volume: guarded, kept, replaced."""

from __future__ import annotations

import json

import pytest

from infra.config.catalog import CATALOG
from tests.unit.infra.clouds.planned import host_of
from tests.unit.infra.expected import ADDRESSES, HELD, HOSTS
from tests.unit.infra.stacks import (
    CLOUDS,
    LOOSE,
    RENTED,
    ROOT,
    Resource,
    Stack,
    run,
)

DATA_VOLUMES = (
    "aws:ebs/volume:Volume",
    "azure:compute/managedDisk:ManagedDisk",
    "digitalocean:index/volume:Volume",
    "gcp:compute/disk:Disk",
    "hcloud:index/volume:Volume",
)


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
