"""Microsoft Azure: a Plan in; group, network, VM, static address, firewall and disk out."""

from __future__ import annotations

import base64
import re

import pulumi
import pulumi_azure as azure

from infra.machine.host import Host, Plan
from infra.outputs import SSH_USER

_LUN = 10
_NVME_ALONE = re.compile(r"_v([6-9]|[1-9]\d)$")
"""Sizes from version 6 on have NVMe alone, where the disk has another name."""


def make(plan: Plan) -> Host:
    """Make the host."""
    settings = plan.settings
    # It cannot go without the disk that is kept in it.
    group = azure.core.ResourceGroup(
        f"{plan.name}-group", location=settings.region, opts=plan.kept()
    )
    address = azure.network.PublicIp(
        f"{plan.name}-address",
        resource_group_name=group.name,
        location=group.location,
        allocation_method="Static",
        sku="Standard",
        opts=plan.guarded(),
    )
    card, association = _network_card(plan, group, address)
    machine = _machine(plan, group, card)
    disk = azure.compute.ManagedDisk(
        f"{plan.name}-data",
        resource_group_name=group.name,
        location=group.location,
        storage_account_type="StandardSSD_LRS",
        create_option="Empty",
        disk_size_gb=plan.volume_gb_after(machine.id),
        # It can be read through the VM alone.
        network_access_policy="DenyAll",
        public_network_access_enabled=False,
        opts=plan.kept(),
    )
    attachment = azure.compute.DataDiskAttachment(
        f"{plan.name}-data",
        managed_disk_id=disk.id,
        virtual_machine_id=machine.id,
        lun=_LUN,
        caching="None",
        opts=plan.plain(),
    )
    return Host(
        machine=machine.virtual_machine_id,
        address=address.ip_address,
        ssh_user=SSH_USER,
        ssh_port=22,
        host_key=plan.keys.lasting_public,
        data_volume=disk.id,
        data_volume_device=attachment.lun.apply(_device(settings.size).format),
        # Without its firewall a Standard address lets nobody in.
        ready=(machine, attachment, association),
    )


def _device(size: str) -> str:
    by_nvme, by_scsi = "/dev/disk/azure/data/by-lun/{}", "/dev/disk/azure/scsi1/lun{}"
    return by_nvme if _NVME_ALONE.search(size) else by_scsi


def _network_card(
    plan: Plan, group: azure.core.ResourceGroup, address: azure.network.PublicIp
) -> tuple[azure.network.NetworkInterface, pulumi.Resource]:
    """Return the card, and what puts it behind the firewall."""
    network = azure.network.VirtualNetwork(
        f"{plan.name}-network",
        resource_group_name=group.name,
        location=group.location,
        address_spaces=["10.80.0.0/24"],
        opts=plan.plain(),
    )
    subnet = azure.network.Subnet(
        f"{plan.name}-subnet",
        resource_group_name=group.name,
        virtual_network_name=network.name,
        address_prefixes=["10.80.0.0/28"],
        opts=plan.plain(),
    )
    card = azure.network.NetworkInterface(
        f"{plan.name}-card",
        resource_group_name=group.name,
        location=group.location,
        ip_configurations=[
            azure.network.NetworkInterfaceIpConfigurationArgs(
                name="public",
                subnet_id=subnet.id,
                private_ip_address_allocation="Dynamic",
                public_ip_address_id=address.id,
            )
        ],
        opts=plan.plain(),
    )
    association = azure.network.NetworkInterfaceSecurityGroupAssociation(
        f"{plan.name}-firewall",
        network_interface_id=card.id,
        network_security_group_id=_firewall(plan, group).id,
        opts=plan.plain(),
    )
    return card, association


def _firewall(plan: Plan, group: azure.core.ResourceGroup) -> azure.network.NetworkSecurityGroup:
    allowed = [
        azure.network.NetworkSecurityGroupSecurityRuleArgs(
            name=opening.name,
            priority=100 + position,
            direction="Inbound",
            access="Allow",
            protocol="Tcp",
            source_address_prefixes=list(opening.sources),
            source_port_range="*",
            destination_address_prefix="*",
            destination_port_range=str(opening.port),
        )
        for position, opening in enumerate(plan.openings)
    ]
    # The cloud's own last rules let neighbours and its load balancers in.
    rest = azure.network.NetworkSecurityGroupSecurityRuleArgs(
        name="rest",
        priority=4096,
        direction="Inbound",
        access="Deny",
        protocol="*",
        source_address_prefix="*",
        source_port_range="*",
        destination_address_prefix="*",
        destination_port_range="*",
    )
    return azure.network.NetworkSecurityGroup(
        f"{plan.name}-firewall",
        resource_group_name=group.name,
        location=group.location,
        security_rules=[*allowed, rest],
        opts=plan.plain(),
    )


def _machine(
    plan: Plan, group: azure.core.ResourceGroup, card: azure.network.NetworkInterface
) -> azure.compute.LinuxVirtualMachine:
    settings = plan.settings
    publisher, offer, sku, version = settings.image.split(":")
    return azure.compute.LinuxVirtualMachine(
        f"{plan.name}-host",
        resource_group_name=group.name,
        location=group.location,
        size=settings.size,
        admin_username=SSH_USER,
        disable_password_authentication=True,
        admin_ssh_keys=[
            azure.compute.LinuxVirtualMachineAdminSshKeyArgs(
                username=SSH_USER, public_key=settings.ssh_public_key
            )
        ],
        network_interface_ids=[card.id],
        custom_data=plan.user_data().apply(lambda text: base64.b64encode(text.encode()).decode()),
        os_disk=azure.compute.LinuxVirtualMachineOsDiskArgs(
            caching="ReadWrite", storage_account_type="StandardSSD_LRS", disk_size_gb=30
        ),
        source_image_reference=azure.compute.LinuxVirtualMachineSourceImageReferenceArgs(
            publisher=publisher, offer=offer, sku=sku, version=version
        ),
        opts=plan.guarded("customData", "adminSshKeys", "sourceImageReference"),
    )
