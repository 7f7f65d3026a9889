"""DigitalOcean: a Plan in; network, droplet, reserved address, firewall and volume out."""

from __future__ import annotations

import pulumi
import pulumi_digitalocean as digitalocean

from infra.machine.firewall import ANYWHERE
from infra.machine.host import Host, Plan
from infra.outputs import SSH_USER


def make(plan: Plan) -> Host:
    """Make the host."""
    settings = plan.settings
    droplet = _droplet(plan)
    # After the droplet, which the cloud may refuse: an address that is at none costs something.
    address = digitalocean.ReservedIp(
        f"{plan.name}-address",
        region=settings.region,
        opts=pulumi.ResourceOptions.merge(
            plan.guarded("dropletId"), pulumi.ResourceOptions(depends_on=[droplet])
        ),
    )
    assignment = digitalocean.ReservedIpAssignment(
        f"{plan.name}-address",
        ip_address=address.ip_address,
        droplet_id=droplet.id.apply(int),
        opts=plan.plain(),
    )
    volume = digitalocean.Volume(
        f"{plan.name}-data",
        region=settings.region,
        size=plan.volume_gb_after(droplet.id),
        opts=plan.kept(),
    )
    attachment = digitalocean.VolumeAttachment(
        f"{plan.name}-data",
        droplet_id=droplet.id.apply(int),
        volume_id=volume.id,
        opts=plan.plain(),
    )
    return Host(
        machine=droplet.id,
        address=address.ip_address,
        ssh_user=SSH_USER,
        ssh_port=22,
        host_key=plan.keys.lasting_public,
        data_volume=volume.id,
        data_volume_device=volume.name.apply("/dev/disk/by-id/scsi-0DO_Volume_{}".format),
        ready=(assignment, attachment),
    )


def _droplet(plan: Plan) -> digitalocean.Droplet:
    settings = plan.settings
    tag = digitalocean.Tag(f"{plan.name}-tag", opts=plan.plain())
    firewall = _firewall(plan, tag)
    network = digitalocean.Vpc(f"{plan.name}-network", region=settings.region, opts=plan.plain())
    # Without a key of its own the cloud would set a root password and mail it.
    key = digitalocean.SshKey(
        f"{plan.name}-operator", public_key=settings.ssh_public_key, opts=plan.plain()
    )
    return digitalocean.Droplet(
        f"{plan.name}-host",
        region=settings.region,
        size=settings.size,
        image=settings.image,
        vpc_uuid=network.id,
        ssh_keys=[key.id],
        tags=[tag.name],
        user_data=plan.user_data(),
        ipv6=False,
        # The agent lets people in through the cloud's web page, past the list of addresses.
        droplet_agent=False,
        # A larger root disk cannot be made small again, and the data is not on it.
        resize_disk=False,
        opts=pulumi.ResourceOptions.merge(
            plan.guarded("userData", "sshKeys", "image", "dropletAgent"),
            pulumi.ResourceOptions(depends_on=[firewall]),
        ),
    )


def _firewall(plan: Plan, tag: digitalocean.Tag) -> digitalocean.Firewall:
    """By its tag the droplet is behind the firewall from its first moment to its last."""
    return digitalocean.Firewall(
        f"{plan.name}-firewall",
        tags=[tag.name],
        inbound_rules=[
            digitalocean.FirewallInboundRuleArgs(
                protocol="tcp",
                port_range=str(opening.port),
                source_addresses=list(opening.sources),
            )
            for opening in plan.openings
        ],
        # Without these nothing could go out.
        outbound_rules=[
            digitalocean.FirewallOutboundRuleArgs(
                protocol=protocol, port_range=ports, destination_addresses=[ANYWHERE]
            )
            for protocol, ports in (("tcp", "1-65535"), ("udp", "1-65535"), ("icmp", None))
        ],
        opts=plan.plain(),
    )
