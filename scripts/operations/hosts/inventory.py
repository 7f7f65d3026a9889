"""The inventory for Ansible: stack outputs in, its JSON out, without any secret."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from infra.config.addresses import is_world_open
from infra.outputs import SECRETS, StackOutputs
from scripts.launcher.paths import ROOT
from scripts.operations.errors import OperationError
from scripts.operations.hosts import host_settings
from scripts.operations.hosts.stack_outputs import known_hosts, stack_outputs
from scripts.operations.ssh_client import key_file

STACK_VARIABLE = "TAPELINE_STACK"
COMPOSE_VARIABLE = "TAPELINE_COMPOSE_PROGRAM"


def inventory(
    outputs: StackOutputs, hosts_file: Path, key: str = "", compose_program: str = ""
) -> dict[str, Any]:
    """Return what Ansible reads: one host, in the group `tapeline`.

    A Compose program of this machine's is for hosts with the distribution's engine; the stand-in
    for a VM (`local`) is one, for it reaches no other repository.
    """
    name = outputs.stack.replace("/", "-")
    strict = ("StrictHostKeyChecking=yes", f"UserKnownHostsFile={hosts_file}")
    host: dict[str, Any] = {
        "ansible_host": outputs.address,
        "ansible_port": outputs.ssh_port,
        "ansible_user": outputs.ssh_user,
        "ansible_ssh_common_args": " ".join(
            f"-o {option}" for option in (*strict, "GlobalKnownHostsFile=/dev/null")
        ),
        "tapeline_stack": outputs.stack,
        "tapeline_cloud": outputs.cloud,
        "tapeline_data_device": outputs.data_volume_device,
        "tapeline_take_over_host": outputs.take_over_host,
        "tapeline_domain": outputs.domain,
        "tapeline_certificate": outputs.certificate,
        "tapeline_acme_email": outputs.acme_email,
        "tapeline_admin_cidrs": list(outputs.admin_cidrs),
        "tapeline_powerbi_cidrs": list(outputs.powerbi_cidrs),
        "tapeline_powerbi_world_open": is_world_open(outputs.powerbi_cidrs),
        "tapeline_dashboard_cidrs": list(outputs.dashboard_cidrs),
        "tapeline_backup_target": outputs.backup_target,
        "tapeline_backup_known_hosts": outputs.backup_known_hosts,
        "tapeline_settings": host_settings.lines(outputs),
        "tapeline_build_ca": outputs.build_ca,
        "tapeline_secret_program": str(ROOT / "ansible" / "secret"),
    }
    if outputs.cloud == "local" or compose_program:
        host["docker_origin"] = "debian"
        host["docker_compose_program"] = compose_program
    if key:
        host["ansible_ssh_private_key_file"] = key
    return {"tapeline": {"hosts": [name]}, "_meta": {"hostvars": {name: host}}}


def main() -> int:
    """Answer Ansible (`--list`; `--host` needs no answer); return the exit code."""
    if sys.argv[1:2] == ["--host"]:
        print("{}")
        return 0
    name = os.environ.get(STACK_VARIABLE, "")
    try:
        if not name:
            raise OperationError(f"{STACK_VARIABLE} is not set; it names the stack")
        outputs = stack_outputs(name, os.environ)
        compose_program = os.environ.get(COMPOSE_VARIABLE, "")
        key = key_file(outputs, os.environ)
        found = inventory(outputs, known_hosts(outputs), key, compose_program)
    except OperationError as error:
        print(f"ansible/inventory: {error}", file=sys.stderr)
        return 1
    print(json.dumps(found, indent=4))
    return 0


def print_secret() -> int:
    """Print the secret that the first argument names; return the exit code."""
    try:
        [name] = sys.argv[1:]
        if name not in SECRETS:
            raise OperationError(f"there is no secret {name}; there are {', '.join(SECRETS)}")
        print(stack_outputs(os.environ.get(STACK_VARIABLE, ""), os.environ).secrets[name])
    except (OperationError, ValueError) as error:
        print(f"ansible/secret: {error}", file=sys.stderr)
        return 1
    return 0
