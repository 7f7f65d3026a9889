"""What the engine is expected to change, for each cloud: tables of whole values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.engine.engine_events import Changes

_NOTHING: Final[Changes] = {}
_DEPLOYED: Final[Changes] = {"update": ("Command deployment",)}
_PROTECTED: Final[Changes] = {"refused": ("protected",)}
_MET: Final = ("Command deployment", "Command first-contact")

_TOLD: Final[Changes] = {"update": ("Command leftovers",)}
_UNLESS_SAID_OTHERWISE: Final[Mapping[str, Changes]] = {
    "sshPublicKey": _NOTHING,
    "sshIdentityFile": _DEPLOYED,
    "adminCidrs": _DEPLOYED,
    "powerBiCidrs": _DEPLOYED,
    "worldOpenPostgres": _NOTHING,
    "dashboardCidrs": _DEPLOYED,
    "worldOpenDashboard": _NOTHING,
    "domain": _DEPLOYED,
    "certificate": _DEPLOYED,
    "acmeEmail": _DEPLOYED,
    "backupTarget": _DEPLOYED,
    "backupAccessKeyId": _DEPLOYED,
    "backupKey": _DEPLOYED,
    "backupKnownHosts": _DEPLOYED,
    "alphaVantageKey": _DEPLOYED,
    "settings": _DEPLOYED,
    "buildCaFile": _DEPLOYED,
    "protect": _NOTHING,
    "keepData": _TOLD,
    "deploy": {"delete": ("Command deployment",)},
}
_RENTED: Final = "aws, azure, gcp, hcloud, digitalocean"
_OF_RENTED: Final = ("region", "size", "image", "dataVolumeGb")
_OF_EXISTING: Final = (
    "hostAddress", "hostUser", "hostPort", "hostKey", "hostVolume", "takeOverHost",
)  # fmt: skip


def _refused(cloud: str, clouds: str, *settings: str) -> Mapping[str, Changes]:
    """Return the table of settings that mean nothing at this cloud."""
    said = "{} is for {}, and cloud is {}: pulumi config rm {}".format
    return {name: {"refused": (said(name, clouds, cloud, name),)} for name in settings}


def _at_a_cloud(cloud: str, firewall: str, **own: Changes) -> Mapping[str, Changes]:
    """Return the table of a rented VM, which has a firewall before it."""
    let_in: Changes = {"update": tuple(sorted(("Command deployment", firewall)))}
    return {
        **_UNLESS_SAID_OTHERWISE,
        **_refused(cloud, "existing", *_OF_EXISTING),
        **_refused(cloud, "local", "localSshPort"),
        "region": _PROTECTED,
        "image": _NOTHING,
        "sshIdentityFile": {"update": _MET},
        **dict.fromkeys(("adminCidrs", "powerBiCidrs", "dashboardCidrs", "certificate"), let_in),
        **own,
    }


def _and_a_rule(name: str) -> Changes:
    """At Google each opening is a resource."""
    return {"create": (f"Firewall {name}",), **_DEPLOYED}


CHANGES: Final[Mapping[str, Mapping[str, Changes]]] = {
    "aws": _at_a_cloud(
        "aws",
        "SecurityGroup firewall",
        size={"update": ("Instance host",)},
        dataVolumeGb={"update": ("Command deployment", "Volume data")},
        protect={"update": ("Instance host",)},
    ),
    "azure": _at_a_cloud(
        "azure",
        "NetworkSecurityGroup firewall",
        size={"update": ("LinuxVirtualMachine host",)},
        dataVolumeGb={"update": ("Command deployment", "ManagedDisk data")},
    ),
    "gcp": _at_a_cloud(
        "gcp",
        "Firewall ssh",
        size={"update": ("Instance host",)},
        powerBiCidrs=_and_a_rule("postgres"),
        dashboardCidrs=_and_a_rule("https"),
        certificate=_and_a_rule("http"),
        dataVolumeGb={"update": ("Command deployment", "Disk data")},
        protect={"update": ("Instance host",)},
    ),
    "hcloud": _at_a_cloud(
        "hcloud",
        "Firewall firewall",
        size={"update": ("Server host",)},
        sshPublicKey={"replace": ("SshKey operator",)},
        dataVolumeGb={"update": ("Command deployment", "Volume data")},
        protect={"update": ("PrimaryIp address", "Server host")},
        keepData={"update": ("Command leftovers", "Volume data")},
    ),
    "digitalocean": _at_a_cloud(
        "digitalocean",
        "Firewall firewall",
        size={"update": ("Droplet host",)},
        sshPublicKey={"replace": ("SshKey operator",)},
        dataVolumeGb={"update": ("Command deployment", "Volume data")},
    ),
    "existing": {
        **_UNLESS_SAID_OTHERWISE,
        **_refused("existing", _RENTED, *_OF_RENTED),
        **_refused("existing", "local", "localSshPort"),
        "keepData": _NOTHING,
        "hostAddress": {"replace": ("Command deployment",), **_TOLD},
        "hostUser": _DEPLOYED,
        "hostPort": _DEPLOYED,
        "hostKey": _DEPLOYED,
        "hostVolume": _DEPLOYED,
        "takeOverHost": _DEPLOYED,
    },
    "local": {
        **_UNLESS_SAID_OTHERWISE,
        **_refused("local", _RENTED, *_OF_RENTED),
        **_refused("local", "existing", *_OF_EXISTING),
        "dashboardCidrs": {"replace": ("Command deployment", "Container host")},
        "localSshPort": {"replace": ("Command deployment", "Container host")},
    },
}
"""What each setting changes, by itself, after the first `pulumi up` with its protection."""

LOOSE: Final[Mapping[str, Changes]] = {
    "aws": {"update": ("Command leftovers", "Instance host")},
    "azure": _TOLD,
    "gcp": {"update": ("Command leftovers", "Instance host")},
    "hcloud": {"update": ("Command leftovers", "PrimaryIp address", "Server host", "Volume data")},
    "digitalocean": _TOLD,
    "existing": _NOTHING,
    "local": _TOLD,
}
"""What taking the protection away changes in the cloud."""


def _moved(*own: str) -> Mapping[str, Changes]:
    return {"region": {"replace": tuple(sorted((*_MET, *own)))}}


def _and_told(moved: Mapping[str, Changes]) -> Mapping[str, Changes]:
    """Where the data volume's name is the cloud's, a preview does not know it."""
    return {"region": {**moved["region"], **_TOLD}}


REPLACED: Final[Mapping[str, Mapping[str, Changes]]] = {
    "aws": _and_told(_moved(
        "Eip address", "EipAssociation address", "Instance host", "InternetGateway gateway",
        "RouteTable routes", "RouteTableAssociation routes", "SecurityGroup firewall",
        "Subnet subnet", "Volume data", "VolumeAttachment data", "Vpc network", "aws aws",
    )),
    "azure": _and_told(_moved(
        "DataDiskAttachment data", "LinuxVirtualMachine host", "ManagedDisk data",
        "NetworkInterface card", "NetworkInterfaceSecurityGroupAssociation firewall",
        "NetworkSecurityGroup firewall", "PublicIp address", "ResourceGroup group",
        "Subnet subnet", "VirtualNetwork network",
    )),
    "gcp": _moved(
        "Address address", "AttachedDisk data", "Disk data", "Instance host", "Subnetwork subnet"
    ),
    "hcloud": _moved("PrimaryIp address", "Server host", "Volume data", "VolumeAttachment data"),
    "digitalocean": _and_told(_moved(
        "Droplet host", "ReservedIp address", "ReservedIpAssignment address", "Volume data",
        "VolumeAttachment data", "Vpc network",
    )),
    "existing": {},
    "local": {},
}  # fmt: skip
"""What the settings that were refused replace once nothing is protected."""


def _again(host: str, *own: str) -> Changes:
    return {"create": (host,), "replace": tuple(sorted((*_MET, *own)))}


AGAIN: Final[Mapping[str, Changes]] = {
    "aws": _again("Instance host", "EipAssociation address", "VolumeAttachment data"),
    "azure": _again("LinuxVirtualMachine host", "DataDiskAttachment data"),
    "gcp": _again("Instance host", "AttachedDisk data"),
    "hcloud": _again("Server host", "VolumeAttachment data"),
    "digitalocean": _again("Droplet host", "ReservedIpAssignment address", "VolumeAttachment data"),
}
"""What follows when somebody removed the VM in the cloud's console."""
