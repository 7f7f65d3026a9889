"""Which resources the engine is expected to make and to leave, for each cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

Names = tuple[str, ...]

_PASSWORDS: Final = (
    "RandomPassword backup-passphrase",
    "RandomPassword dashboard-reader-password",
    "RandomPassword market-owner-password",
    "RandomPassword postgres-password",
    "RandomPassword powerbi-reader-password",
    "RandomPassword stream-writer-password",
)
_EVERYWHERE: Final = (
    *_PASSWORDS,
    "Command leftovers",
    "Stack tapeline-trial",
    "Tapeline trial",
    "command default_1_2_1",
    "pulumi default",
    "random default_4_21_4",
)
_KEYS: Final = ("PrivateKey first-contact", "PrivateKey host-key", "tls default_5_6_2")


def _made(*own: str) -> Names:
    return tuple(sorted((*_EVERYWHERE, "Command deployment", *own)))


def _rented(*own: str) -> Names:
    return _made(*_KEYS, "Command first-contact", *own)


MADE: Final[Mapping[str, Names]] = {
    "aws": _rented(
        "Eip address", "EipAssociation address", "Instance host", "InternetGateway gateway",
        "RouteTable routes", "RouteTableAssociation routes", "SecurityGroup firewall",
        "Subnet subnet", "Volume data", "VolumeAttachment data", "Vpc network", "aws aws",
    ),
    "azure": _rented(
        "DataDiskAttachment data", "LinuxVirtualMachine host", "ManagedDisk data",
        "NetworkInterface card", "NetworkInterfaceSecurityGroupAssociation firewall",
        "NetworkSecurityGroup firewall", "PublicIp address", "ResourceGroup group",
        "Subnet subnet", "VirtualNetwork network", "azure default_6_40_1",
    ),
    "gcp": _rented(
        "Address address", "AttachedDisk data", "Disk data", "Firewall ssh", "Instance host",
        "Network network", "Subnetwork subnet", "gcp default_10_2_0",
    ),
    "hcloud": _rented(
        "Firewall firewall", "PrimaryIp address", "Server host", "SshKey operator", "Volume data",
        "VolumeAttachment data", "hcloud default_1_43_3",
    ),
    "digitalocean": _rented(
        "Droplet host", "Firewall firewall", "ReservedIp address", "ReservedIpAssignment address",
        "SshKey operator", "Tag tag", "Volume data", "VolumeAttachment data", "Vpc network",
        "digitalocean default_4_84_1",
    ),
    "existing": _made(),
    "local": _made(
        *_KEYS, "Container host", "Network network", "RemoteImage image", "Volume data",
        "Volume engine", "docker default_5_2_0",
    ),
}  # fmt: skip
"""What the first `pulumi up` makes."""

DATA: Final[Mapping[str, str]] = {
    "aws": "aws:ebs/volume:Volume",
    "azure": "azure:compute/managedDisk:ManagedDisk",
    "gcp": "gcp:compute/disk:Disk",
    "hcloud": "hcloud:index/volume:Volume",
    "digitalocean": "digitalocean:index/volume:Volume",
    "local": "docker:index/volume:Volume",
}

LEFT: Final[Mapping[str, Names]] = {
    "aws": (*_PASSWORDS, "Tapeline trial", "Volume data"),
    "azure": ("ManagedDisk data", *_PASSWORDS, "ResourceGroup group", "Tapeline trial"),
    "gcp": ("Disk data", *_PASSWORDS, "Tapeline trial"),
    "hcloud": (*_PASSWORDS, "Tapeline trial", "Volume data"),
    "digitalocean": (*_PASSWORDS, "Tapeline trial", "Volume data"),
    "existing": (*_PASSWORDS, "Tapeline trial"),
    "local": (*_PASSWORDS, "Tapeline trial", "Volume data"),
}
"""What the stack still knows after `pulumi destroy --exclude-protected`."""

RETAINED: Final[Mapping[str, Names]] = {
    **{cloud: (token,) for cloud, token in DATA.items()},
    "azure": (DATA["azure"], "azure:core/resourceGroup:ResourceGroup"),
}
"""What is still in the cloud after `pulumi state unprotect` and `pulumi destroy`."""
