"""A container on this machine that stands in for a VM: a Plan in, the same Host out.

It has systemd, sshd and a Docker engine of its own, so that the whole path can be tried for
nothing. Its ports are published on 127.0.0.1 alone. Docker cannot change what a container
publishes: another port, or the dashboard's, takes another container, which is there in seconds,
holds nothing that a deployment does not bring again, and finds the data on its volume. So it is not
protected.
"""

from __future__ import annotations

from typing import Final

import pulumi
import pulumi_docker as docker

from infra.machine.cloud_init import HOST_KEY_FILE
from infra.machine.firewall import HTTPS_PORT, POSTGRES_PORT, SSH_PORT
from infra.machine.host import Host, Plan
from infra.outputs import SSH_USER

LOOPBACK: Final = "127.0.0.1"
_CONTEXT: Final = "local_host"
"""As seen from infra, in which Pulumi runs its plugins; another checkout builds nothing again."""


def make(plan: Plan) -> Host:
    """Make the host."""
    settings = plan.settings
    data = docker.Volume(f"{plan.name}-data", opts=plan.kept())
    machine = _container(plan, data)
    return Host(
        machine=machine.id,
        # Known only once it runs, as the address of a VM would be.
        address=machine.id.apply(lambda _: LOOPBACK),
        ssh_user=SSH_USER,
        ssh_port=settings.local_ssh_port,
        host_key=plan.keys.lasting_public,
        data_volume=data.name,
        data_volume_device=pulumi.Output.from_input(""),
        ready=(machine,),
    )


def _container(plan: Plan, data: docker.Volume) -> docker.Container:
    settings = plan.settings
    image = docker.RemoteImage(
        f"{plan.name}-image",
        name=settings.image,
        build=docker.RemoteImageBuildArgs(context=_CONTEXT),
        keep_locally=True,
        opts=plan.plain(),
    )
    engine = docker.Volume(f"{plan.name}-engine", opts=plan.plain())
    network = docker.Network(f"{plan.name}-network", opts=plan.plain())
    return docker.Container(
        f"{plan.name}-host",
        image=image.image_id,
        hostname="tapeline",
        # What systemd and an engine within need: everything but the right to raise limits.
        capabilities=docker.ContainerCapabilitiesArgs(adds=["ALL"], drops=["CAP_SYS_RESOURCE"]),
        security_opts=["seccomp=unconfined", "apparmor=unconfined"],
        cgroupns_mode="private",
        tmpfs={"/run": "exec,mode=755", "/run/lock": ""},
        volumes=[
            docker.ContainerVolumeArgs(volume_name=engine.name, container_path="/var/lib/docker"),
            docker.ContainerVolumeArgs(volume_name=data.name, container_path="/var/lib/tapeline"),
        ],
        networks_advanced=[docker.ContainerNetworksAdvancedArgs(name=network.name)],
        ports=[
            docker.ContainerPortArgs(
                ip=LOOPBACK, internal=SSH_PORT, external=settings.local_ssh_port
            ),
            *(
                docker.ContainerPortArgs(ip=LOOPBACK, internal=port, external=port)
                for port in (POSTGRES_PORT, *([HTTPS_PORT] if settings.dashboard_cidrs else []))
            ),
        ],
        # Here the lasting key can be laid in its place before the first start.
        uploads=[
            docker.ContainerUploadArgs(
                file=HOST_KEY_FILE, content=plan.keys.lasting, permissions="0600"
            ),
            docker.ContainerUploadArgs(
                file=f"/etc/ssh/authorized_keys/{SSH_USER}",
                content=f"{settings.ssh_public_key}\n",
                permissions="0644",
            ),
        ],
        restart="unless-stopped",
        must_run=True,
        stop_signal="SIGRTMIN+3",
        opts=pulumi.ResourceOptions.merge(
            plan.plain(),
            pulumi.ResourceOptions(
                ignore_changes=["image", "uploads"],
                # A port can be published by one container only.
                delete_before_replace=True,
            ),
        ),
    )
