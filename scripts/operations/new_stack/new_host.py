"""`fab new`: options and a person's answers in; a stack's configuration, and then a host, out."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.config.catalog import CATALOG, RENTED
from scripts.launcher.progress import say
from scripts.operations.errors import OperationError
from scripts.operations.hosts.stack_outputs import require_name
from scripts.operations.new_stack import operator_machine, pulumi_cli
from scripts.operations.new_stack.questions import Ask, Found, Interview
from scripts.operations.new_stack.stack_configuration import NewStack

_TOKENS = {"hcloud": "HCLOUD_TOKEN", "digitalocean": "DIGITALOCEAN_TOKEN"}
"""Of the other clouds the credentials can be in many places."""


def ask(question: str) -> str:
    """Ask the person. Raises OperationError where there is none."""
    if not sys.stdin.isatty():
        raise OperationError("nobody is there to answer; give the answers by options, and --yes")
    return input(question)


def configured(stack: str, given: Mapping[str, str], asking: Ask | None) -> NewStack:
    """Ask for what is not given, and write the stack's configuration. Raises OperationError."""
    require_name(stack)
    if given["cloud"] in CATALOG:
        pulumi_cli.require_sdk(given["cloud"])  # before anything is asked
    pulumi_cli.require_new(stack)
    _require_ssh()
    found = Found(
        operator_machine.ssh_keys_found(Path.home()), operator_machine.addresses_found(os.environ)
    )
    new = Interview(given, found, asking, say).run()
    cloud = new.values["cloud"]
    pulumi_cli.require_sdk(cloud)
    if (token := _TOKENS.get(cloud)) and not os.environ.get(token):
        raise OperationError(f"{token} is not set; export a token of {cloud} that may write")
    say("\n".join(new.lines()))
    pulumi_cli.write(stack, new)
    return new


def _require_ssh() -> None:
    missing = [name for name in ("ssh", "ssh-add", "ssh-keygen") if shutil.which(name) is None]
    if missing:
        raise OperationError(f"{', '.join(missing)} not on the PATH; install OpenSSH's client")


def make(stack: str, new: NewStack, asking: Ask | None) -> None:
    """Show what will be made, and make it after a yes. Raises OperationError."""
    pulumi_cli.preview(stack)
    costs = "It costs money from now on. " if new.values["cloud"] in RENTED else ""
    if asking is not None and asking(f"{costs}Make it? Type yes: ") != "yes":
        raise OperationError(
            f"nothing was made; later: pulumi up --stack {stack}, or forget it: "
            f"pulumi stack rm {stack}"
        )
    pulumi_cli.up(stack)
    say(f"next: fab status --stack {stack}, and the dashboard: fab tunnel --stack {stack}")
