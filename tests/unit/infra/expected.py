"""What each cloud calls the parts of a host, and what must not replace it."""

from __future__ import annotations

DEVICES = {
    "aws": "/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol",
    "azure": "/dev/disk/azure/scsi1/lun10",
    "gcp": "/dev/disk/by-id/google-tapeline-data",
    "hcloud": "/dev/disk/by-id/scsi-0HC_Volume_",
    "digitalocean": "/dev/disk/by-id/scsi-0DO_Volume_tapeline-dev-data",
    "existing": "",
    "local": "",
}
HOSTS = {
    "aws": "aws:ec2/instance:Instance",
    "azure": "azure:compute/linuxVirtualMachine:LinuxVirtualMachine",
    "gcp": "gcp:compute/instance:Instance",
    "hcloud": "hcloud:index/server:Server",
    "digitalocean": "digitalocean:index/droplet:Droplet",
    "local": "docker:index/container:Container",
}
ADDRESSES = {
    "aws": "aws:ec2/eip:Eip",
    "azure": "azure:network/publicIp:PublicIp",
    "gcp": "gcp:compute/address:Address",
    "hcloud": "hcloud:index/primaryIp:PrimaryIp",
    "digitalocean": "digitalocean:index/reservedIp:ReservedIp",
}
HELD = {
    "aws": ["ami", "userData", "userDataBase64", "keyName"],
    "azure": ["customData", "adminSshKeys", "sourceImageReference"],
    "gcp": ["metadata", "bootDisk", "attachedDisks"],
    "hcloud": ["userData", "sshKeys", "image"],
    "digitalocean": ["userData", "sshKeys", "image", "dropletAgent"],
    "local": ["image", "uploads"],
}
USER_DATA = {
    "aws": "userData",
    "azure": "customData",
    "gcp": "metadata",
    "hcloud": "userData",
    "digitalocean": "userData",
}
