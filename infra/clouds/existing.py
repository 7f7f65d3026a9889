"""A machine that you have: the configuration in, the same Host out; nothing is made."""

from __future__ import annotations

import pulumi

from infra.machine.host import Host, Plan


def make(plan: Plan) -> Host:
    """Describe the host."""
    host = plan.settings.existing
    return Host(
        machine=pulumi.Output.from_input(host.address),
        address=pulumi.Output.from_input(host.address),
        ssh_user=host.user,
        ssh_port=host.port,
        host_key=pulumi.Output.from_input(host.key),
        data_volume=pulumi.Output.from_input(""),
        data_volume_device=pulumi.Output.from_input(host.volume_device),
    )
