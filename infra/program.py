"""The stack: settings in, a host and what others must know of it out."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_tls

from infra.config.catalog import RENTED
from infra.config.settings import Settings
from infra.deployment.operator_commands import OperatorCommands
from infra.leftovers import Leftovers
from infra.machine.firewall import openings
from infra.machine.host import Host, HostKeys, Plan
from infra.machine.passwords import make_passwords
from infra.machine.ssh_keys import known_hosts_line
from infra.outputs import ROLE_PASSWORDS

Given = Mapping[str, pulumi.Output[str]]


class Tapeline(pulumi.ComponentResource):
    """Everything of one stack; `outputs` is what `infra.outputs` reads back."""

    outputs: dict[str, pulumi.Input[Any]]

    def __init__(self, stack: str, settings: Settings, given: Given) -> None:
        super().__init__("tapeline:infra:Tapeline", stack)
        name = machine_name(stack)
        keys = _host_keys(name, settings, self)
        host = _make(Plan(name, settings, openings(settings), keys, self))
        names = (*ROLE_PASSWORDS, "backup_passphrase")
        passwords = make_passwords(names, self, keep=settings.keep_data)
        Leftovers(name, stack, settings, self).watch(host, passwords["backup_passphrase"])
        self.outputs = _outputs(stack, settings, host, {**passwords, **given})
        commands = OperatorCommands(name, settings, host, self)
        ready = [*host.ready]
        if settings.cloud in RENTED:
            ready.append(commands.first_contact(keys))
        if settings.deploy:
            commands.deployment(self.outputs, ready)
        self.register_outputs({})


def machine_name(stack: str) -> str:
    """Return a name that every cloud takes: lower case, digits, hyphens, at most 40 characters."""
    return f"tapeline-{re.sub(r'[^a-z0-9]+', '-', stack.lower())}"[:40].strip("-")


def _make(plan: Plan) -> Host:
    """Only the chosen cloud's module is imported, so only its SDK has to be there."""
    module = importlib.import_module(f"infra.clouds.{plan.settings.cloud}")
    host: Host = module.make(plan)
    return host


def _host_keys(name: str, settings: Settings, parent: pulumi.Resource) -> HostKeys:
    if settings.cloud == "existing":
        none = pulumi.Output.from_input("")
        return HostKeys(none, none, none, none)
    first, lasting = (
        pulumi_tls.PrivateKey(
            f"{name}-{use}",
            algorithm="ED25519",
            opts=pulumi.ResourceOptions(parent=parent),
        )
        for use in ("first-contact", "host-key")
    )
    return HostKeys(
        first_contact=pulumi.Output.secret(first.private_key_openssh),
        first_contact_public=first.public_key_openssh.apply(str.strip),
        lasting=pulumi.Output.secret(lasting.private_key_openssh),
        lasting_public=lasting.public_key_openssh.apply(str.strip),
    )


def _outputs(
    stack: str, settings: Settings, host: Host, secrets: Given
) -> dict[str, pulumi.Input[Any]]:
    host_key = pulumi.Output.all(host.address, host.host_key).apply(
        lambda known: known_hosts_line(known[0], host.ssh_port, known[1])
    )
    return {
        "stack": stack,
        "cloud": settings.cloud,
        "address": host.address,
        "ssh_user": host.ssh_user,
        "ssh_port": host.ssh_port,
        "ssh_identity_file": settings.ssh_identity_file,
        "host_key": host_key,
        "data_volume_device": host.data_volume_device,
        "take_over_host": settings.existing.take_over,
        "domain": settings.domain,
        "certificate": settings.certificate,
        "acme_email": settings.acme_email,
        "admin_cidrs": list(settings.admin_cidrs),
        "powerbi_cidrs": list(settings.powerbi_cidrs),
        "dashboard_cidrs": list(settings.dashboard_cidrs),
        "backup_target": settings.backup_target,
        "backup_known_hosts": settings.backup_known_hosts,
        "settings": dict(settings.containers),
        "build_ca": settings.build_ca,
        "data_volume_gb": settings.data_volume_gb if settings.cloud in RENTED else 0,
        "secrets": pulumi.Output.secret(dict(secrets)),
    }
