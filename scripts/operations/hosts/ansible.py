"""Runs Ansible against a stack's host: site.yml, with the inventory of its outputs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from scripts.containers.compose_tool import compose
from scripts.launcher.errors import SetupError
from scripts.launcher.paths import ROOT
from scripts.operations.errors import OperationError
from scripts.operations.hosts.inventory import COMPOSE_VARIABLE, STACK_VARIABLE
from scripts.operations.hosts.stack_outputs import stack_outputs

SITE, UNDO = "site.yml", "undo.yml"


def command(check: bool, extra: Sequence[str], playbook: str = SITE) -> list[str]:
    """Return the command that brings a host to its state, or back to what it was before, or only
    looks what it would change."""
    program = Path(sys.executable).with_name("ansible-playbook")
    return [str(program), playbook, *(["--check", "--diff"] if check else []), *extra]


def environment(stack: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return what Ansible runs in: its configuration by name, for a folder that all may write is
    not believed, and this Python for the inventory."""
    path = f"{Path(sys.executable).parent}:{variables.get('PATH', '')}"
    return {
        **variables,
        "PATH": path,
        STACK_VARIABLE: stack,
        "ANSIBLE_CONFIG": str(ROOT / "ansible" / "ansible.cfg"),
    }


def with_compose(cloud: str, variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with a Compose program for a container that stands in for a VM: its
    distribution has none that is new enough. Raises OperationError.
    """
    if cloud != "local" or variables.get(COMPOSE_VARIABLE):
        return dict(variables)
    try:
        return {**variables, COMPOSE_VARIABLE: str(compose(variables))}
    except SetupError as error:
        raise OperationError(
            f"Docker Compose for the host cannot be had: {error}; or set {COMPOSE_VARIABLE} to a "
            "program of it for Linux"
        ) from None


def provision(stack: str, check: bool, extra: Sequence[str] = (), playbook: str = SITE) -> None:
    """Run Ansible. Raises OperationError."""
    cloud = stack_outputs(stack, os.environ).cloud
    variables = with_compose(cloud, environment(stack, os.environ))
    words = command(check, extra, playbook)
    done = subprocess.run(words, cwd=ROOT / "ansible", env=variables, check=False)
    if done.returncode != 0:
        raise OperationError(f"ansible-playbook ended with {done.returncode}; see above")
