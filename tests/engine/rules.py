"""What a change does to a resource, and what its provider adds: as the real plugins have it.

Of each resource that the program makes, `replaced_by` names the properties which the provider's
schema marks as "changing this forces a new resource". Every other property is updated in place.
"""

from __future__ import annotations

import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.engine.clouds.values import Values, secret

Computed = Callable[[Values], Values]


@dataclass(frozen=True)
class Rule:
    """How the provider treats one type."""

    replaced_by: frozenset[str] = frozenset()
    is_named: bool = False
    """Without a name of its own it gets one from Pulumi's name and some random digits."""
    id_prefix: str = ""
    computed: Computed = field(default=lambda _: {})
    """Inputs in, what only the provider knows out."""
    never_shrinks: str = ""
    """The size that the cloud refuses to make smaller."""
    replaced_to_shrink: str = ""
    """The size for which the provider makes another one if it is to be smaller."""


def _rule(*replaced_by: str, **further: Any) -> Rule:
    return Rule(frozenset(replaced_by), **further)


def _named(*replaced_by: str, **further: Any) -> Rule:
    return _rule("name", *replaced_by, is_named=True, **further)


def _password(inputs: Values) -> Values:
    signs = string.ascii_letters + string.digits
    return {"result": secret("".join(secrets.choice(signs) for _ in range(inputs["length"])))}


def _key_pair(inputs: Values) -> Values:
    assert inputs["algorithm"] == "ED25519", inputs
    key = ed25519.Ed25519PrivateKey.generate()
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.OpenSSH,
        serialization.NoEncryption(),
    ).decode()
    public = key.public_key().public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    )
    return {"privateKeyOpenssh": secret(private), "publicKeyOpenssh": f"{public.decode()}\n"}


def _address(name: str) -> Computed:
    return lambda _: {name: ADDRESS}


def _number() -> int:
    return secrets.randbelow(10**8) + 10**8


ADDRESS: Final = "203.0.113.80"
"""Of every cloud's VM; nothing answers there, see tests/engine/clouds/machine.py."""

RULES: Final[Mapping[str, Rule]] = {
    "random:index/randomPassword:RandomPassword": _rule("length", "special", computed=_password),
    "tls:index/privateKey:PrivateKey": _rule("algorithm", computed=_key_pair),
    "command:local:Command": _rule("triggers"),
    # Amazon Web Services
    "aws:ec2/vpc:Vpc": _rule("cidrBlock", id_prefix="vpc-"),
    "aws:ec2/internetGateway:InternetGateway": _rule(id_prefix="igw-"),
    "aws:ec2/routeTable:RouteTable": _rule("vpcId", id_prefix="rtb-"),
    "aws:ec2/subnet:Subnet": _rule("vpcId", "cidrBlock", "availabilityZone", id_prefix="subnet-"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _rule("subnetId", id_prefix="rta-"),
    "aws:ec2/securityGroup:SecurityGroup": _named("vpcId", "description", id_prefix="sg-"),
    "aws:ec2/eip:Eip": _rule("domain", id_prefix="eipalloc-", computed=_address("publicIp")),
    "aws:ec2/eipAssociation:EipAssociation": _rule("allocationId", "instanceId"),
    "aws:ebs/volume:Volume": _rule(
        "availabilityZone", "encrypted", id_prefix="vol-", never_shrinks="size"
    ),
    "aws:ec2/volumeAttachment:VolumeAttachment": _rule("deviceName", "instanceId", "volumeId"),
    "aws:ec2/instance:Instance": _rule("ami", "subnetId", "keyName", id_prefix="i-"),
    # Microsoft Azure
    "azure:core/resourceGroup:ResourceGroup": _named("location"),
    "azure:network/publicIp:PublicIp": _named(
        "location", "resourceGroupName", "sku", computed=_address("ipAddress")
    ),
    "azure:network/virtualNetwork:VirtualNetwork": _named("location", "resourceGroupName"),
    "azure:network/subnet:Subnet": _named("resourceGroupName", "virtualNetworkName"),
    "azure:network/networkInterface:NetworkInterface": _named("location", "resourceGroupName"),
    "azure:network/networkSecurityGroup:NetworkSecurityGroup": _named(
        "location", "resourceGroupName"
    ),
    "azure:network/networkInterfaceSecurityGroupAssociation:"
    "NetworkInterfaceSecurityGroupAssociation": _rule("networkInterfaceId"),
    "azure:compute/managedDisk:ManagedDisk": _named(
        "location", "resourceGroupName", "createOption", replaced_to_shrink="diskSizeGb"
    ),
    "azure:compute/dataDiskAttachment:DataDiskAttachment": _rule(
        "managedDiskId", "virtualMachineId", "lun"
    ),
    "azure:compute/linuxVirtualMachine:LinuxVirtualMachine": _named(
        "location", "resourceGroupName", "adminUsername", "adminSshKeys", "customData",
        "sourceImageReference", "disablePasswordAuthentication",
        computed=lambda _: {"virtualMachineId": f"{_number()}"},
    ),
    # Google Cloud
    "gcp:compute/network:Network": _named("autoCreateSubnetworks"),
    "gcp:compute/firewall:Firewall": _named("network", "direction"),
    "gcp:compute/address:Address": _named("region", computed=_address("address")),
    "gcp:compute/subnetwork:Subnetwork": _named("network", "region"),
    "gcp:compute/disk:Disk": _named("zone", "type", replaced_to_shrink="size"),
    "gcp:compute/attachedDisk:AttachedDisk": _rule("disk", "instance", "deviceName"),
    "gcp:compute/instance:Instance": _named(
        "zone", "bootDisk", computed=lambda _: {"instanceId": f"{_number()}"}
    ),
    # Hetzner Cloud
    "hcloud:index/firewall:Firewall": _named(),
    "hcloud:index/primaryIp:PrimaryIp": _named(
        "type", "location", "assigneeType", computed=_address("ipAddress")
    ),
    "hcloud:index/sshKey:SshKey": _named("publicKey"),
    "hcloud:index/server:Server": _named("image", "location", "sshKeys", "userData"),
    "hcloud:index/volume:Volume": _named(
        "location",
        never_shrinks="size",
        computed=lambda _: {"linuxDevice": f"/dev/disk/by-id/scsi-0HC_Volume_{_number()}"},
    ),
    "hcloud:index/volumeAttachment:VolumeAttachment": _rule("serverId", "volumeId"),
    # DigitalOcean
    "digitalocean:index/vpc:Vpc": _named("region"),
    "digitalocean:index/sshKey:SshKey": _named("publicKey"),
    "digitalocean:index/tag:Tag": _named(),
    "digitalocean:index/droplet:Droplet": _named(
        "image", "region", "sshKeys", "userData", "vpcUuid", "dropletAgent"
    ),
    "digitalocean:index/firewall:Firewall": _named(),
    "digitalocean:index/reservedIp:ReservedIp": _rule("region", computed=_address("ipAddress")),
    "digitalocean:index/reservedIpAssignment:ReservedIpAssignment": _rule("ipAddress", "dropletId"),
    "digitalocean:index/volume:Volume": _named("region", never_shrinks="size"),
    "digitalocean:index/volumeAttachment:VolumeAttachment": _rule("dropletId", "volumeId"),
    # Docker
    "docker:index/volume:Volume": _named("driver"),
    "docker:index/network:Network": _named("driver"),
    "docker:index/remoteImage:RemoteImage": _rule(
        "name", "build", computed=lambda _: {"imageId": f"sha256:{secrets.token_hex(32)}"}
    ),
    "docker:index/container:Container": _named(
        "capabilities", "cgroupnsMode", "hostname", "image", "networksAdvanced", "ports",
        "securityOpts", "stopSignal", "tmpfs", "uploads", "volumes",
    ),
}  # fmt: skip

ANSWERS: Final[Mapping[str, Values]] = {
    "aws:ec2/getAmi:getAmi": {"id": "ami-0123456789abcdef0"},
    "aws:ec2/getInstanceTypeOfferings:getInstanceTypeOfferings": {
        "locations": ["eu-central-1c", "eu-central-1b"]
    },
}
"""What the program asks a cloud before it makes anything."""
