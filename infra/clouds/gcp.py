"""Google Cloud: a Plan in; network, instance, static address, firewall and disk out.

Google's Debian images have no cloud-init, so a startup script takes its place. The project is
Pulumi's own setting: `pulumi config set gcp:project NAME`.
"""

from __future__ import annotations

import pulumi
import pulumi_gcp as gcp

from infra.machine.host import Host, Plan
from infra.outputs import SSH_USER

_DEVICE_NAME = "tapeline-data"


def make(plan: Plan) -> Host:
    """Make the host."""
    settings = plan.settings
    zone = f"{settings.region}-b"
    network = gcp.compute.Network(
        f"{plan.name}-network", auto_create_subnetworks=False, opts=plan.plain()
    )
    rules = _firewall(plan, network)
    address = gcp.compute.Address(
        f"{plan.name}-address", region=settings.region, opts=plan.guarded()
    )
    instance = _instance(plan, network, address, zone)
    disk = gcp.compute.Disk(
        f"{plan.name}-data",
        zone=zone,
        size=plan.volume_gb_after(instance.id),
        type="pd-balanced",
        opts=plan.kept(),
    )
    attachment = gcp.compute.AttachedDisk(
        f"{plan.name}-data",
        disk=disk.id,
        instance=instance.id,
        device_name=_DEVICE_NAME,
        opts=plan.plain(),
    )
    return Host(
        machine=instance.instance_id,
        address=address.address,
        ssh_user=SSH_USER,
        ssh_port=22,
        host_key=plan.keys.lasting_public,
        data_volume=disk.name,
        data_volume_device=attachment.device_name.apply("/dev/disk/by-id/google-{}".format),
        ready=(*rules, attachment),
    )


def _firewall(plan: Plan, network: gcp.compute.Network) -> list[gcp.compute.Firewall]:
    return [
        gcp.compute.Firewall(
            f"{plan.name}-{opening.name}",
            network=network.id,
            direction="INGRESS",
            allows=[gcp.compute.FirewallAllowArgs(protocol="tcp", ports=[str(opening.port)])],
            source_ranges=list(opening.sources),
            target_tags=[plan.name],
            opts=plan.plain(),
        )
        for opening in plan.openings
    ]


def _instance(
    plan: Plan, network: gcp.compute.Network, address: gcp.compute.Address, zone: str
) -> gcp.compute.Instance:
    settings = plan.settings
    subnet = gcp.compute.Subnetwork(
        f"{plan.name}-subnet",
        network=network.id,
        region=settings.region,
        ip_cidr_range="10.80.0.0/28",
        opts=plan.plain(),
    )
    return gcp.compute.Instance(
        f"{plan.name}-host",
        zone=zone,
        machine_type=settings.size,
        tags=[plan.name],
        boot_disk=gcp.compute.InstanceBootDiskArgs(
            initialize_params=gcp.compute.InstanceBootDiskInitializeParamsArgs(
                image=settings.image, size=30, type="pd-balanced"
            )
        ),
        network_interfaces=[
            gcp.compute.InstanceNetworkInterfaceArgs(
                subnetwork=subnet.id,
                access_configs=[
                    gcp.compute.InstanceNetworkInterfaceAccessConfigArgs(nat_ip=address.address)
                ],
            )
        ],
        metadata={
            "startup-script": plan.startup_script(),
            # Keys of the project, and of accounts in it, open nothing here.
            "block-project-ssh-keys": "TRUE",
            "enable-oslogin": "FALSE",
        },
        allow_stopping_for_update=True,
        deletion_protection=settings.protect,
        opts=pulumi.ResourceOptions.merge(
            plan.guarded("metadata", "bootDisk", "attachedDisks"),
            # The address can be at one instance only.
            pulumi.ResourceOptions(delete_before_replace=True),
        ),
    )
