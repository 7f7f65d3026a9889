"""Commands for who may come in: networks and secrets."""

from __future__ import annotations

from invoke.context import Context

from scripts.operations import options as opt
from scripts.operations.cli import command
from scripts.operations.credentials import passwords, rotation
from scripts.operations.hosts import allowlist
from scripts.operations.operation import begin


@command
def allow(_: Context, cidr: opt.Cidr, stack: opt.Stack = "") -> None:
    """Let Power BI's machines in: the host's firewall, port and pg_hba.conf, not the cloud's."""
    wanted = ",".join(allowlist.change(begin(stack), allowlist.ALLOW, cidr))
    print(f"allowed networks: {wanted}")
    if stack:
        print(allowlist.cloud_remedy(stack, wanted))


@command
def deny(_: Context, cidr: opt.ListedCidr, stack: opt.Stack = "") -> None:
    """Let a network in no more."""
    left = allowlist.change(begin(stack), allowlist.DENY, cidr)
    print(f"allowed networks: {', '.join(left) or 'nobody'}")


@command
def rotate(_: Context, what: opt.Rotated, stack: opt.Stack = "", file: opt.NewFile = "") -> None:
    """Make a secret anew: the API key, a role's password, the certificate, a Kafka's password."""
    rotation.rotate(begin(stack), what, file)


@command
def secret(_: Context, name: opt.SecretName, stack: opt.Stack = "") -> None:
    """Show a password that was made, or the certificate of the private authority."""
    operation = begin(stack)
    shown = operation.run(passwords.show(operation.target, name))
    operation.record(f"secret {name}", "shown")
    print(shown.strip())
