"""Hetzner Cloud: a Plan in; server, primary address, firewall and volume out.

There is no network of our own: one server alone needs none beside the public one.
"""

from __future__ import annotations

import pulumi
import pulumi_hcloud as hcloud

from infra.machine.host import Host, Plan
from infra.outputs import SSH_USER


def make(plan: Plan) -> Host:
    """Make the host."""
    settings = plan.settings
    firewall = hcloud.Firewall(
        f"{plan.name}-firewall",
        rules=[
            hcloud.FirewallRuleArgs(
                direction="in",
                protocol="tcp",
                port=str(opening.port),
                source_ips=list(opening.sources),
                description=opening.name,
            )
            for opening in plan.openings
        ],
        opts=plan.plain(),
    )
    address = hcloud.PrimaryIp(
        f"{plan.name}-address",
        type="ipv4",
        location=settings.region,
        auto_delete=False,
        delete_protection=settings.protect,
        # The provider still writes it down by itself, but warns of who says it.
        opts=plan.guarded("assigneeType"),
    )
    server = _server(plan, firewall, address)
    volume = hcloud.Volume(
        f"{plan.name}-data",
        location=settings.region,
        size=plan.volume_gb_after(server.id),
        delete_protection=settings.keep_data,
        opts=plan.kept(),
    )
    attachment = hcloud.VolumeAttachment(
        f"{plan.name}-data",
        server_id=server.id.apply(int),
        volume_id=volume.id.apply(int),
        automount=False,
        opts=plan.plain(),
    )
    return Host(
        machine=server.id,
        address=address.ip_address,
        ssh_user=SSH_USER,
        ssh_port=22,
        host_key=plan.keys.lasting_public,
        data_volume=volume.name,
        data_volume_device=volume.linux_device,
        ready=(server, attachment),
    )


def _server(plan: Plan, firewall: hcloud.Firewall, address: hcloud.PrimaryIp) -> hcloud.Server:
    settings = plan.settings
    # Without a key of its own the cloud would set a root password and mail it.
    key = hcloud.SshKey(
        f"{plan.name}-operator", public_key=settings.ssh_public_key, opts=plan.plain()
    )
    return hcloud.Server(
        f"{plan.name}-host",
        server_type=settings.size,
        image=settings.image,
        location=settings.region,
        ssh_keys=[key.id],
        user_data=plan.user_data(),
        firewall_ids=[firewall.id.apply(int)],
        public_nets=[
            hcloud.ServerPublicNetArgs(
                ipv4_enabled=True, ipv4=address.id.apply(int), ipv6_enabled=False
            )
        ],
        delete_protection=settings.protect,
        rebuild_protection=settings.protect,
        opts=pulumi.ResourceOptions.merge(
            plan.guarded("userData", "sshKeys", "image"),
            # The address can be at one server only.
            pulumi.ResourceOptions(delete_before_replace=True),
        ),
    )
