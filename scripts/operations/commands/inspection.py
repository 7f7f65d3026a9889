"""Commands that show how a target stands, or restart one part of it."""

from __future__ import annotations

import os
from pathlib import Path

from invoke.context import Context

from scripts.operations import compose_commands
from scripts.operations import options as opt
from scripts.operations import tunnel as tunnels
from scripts.operations.cli import command, ended
from scripts.operations.hosts.stack_outputs import known_hosts
from scripts.operations.operation import begin, begin_there
from scripts.operations.releases.health_gate import look
from scripts.operations.ssh_client import key_file
from scripts.operations.status import diagnosis, status_report, support_bundle


@command
def status(_: Context, stack: opt.Stack = "") -> None:
    """Show health, freshness, lag, quota, disk, certificate, last backup, and the allowed networks.

    Ends with 1 if nothing of it could be found out.
    """
    lines, is_known = status_report.status(begin(stack))
    print("\n".join(lines))
    ended(0 if is_known else 1)


@command
def doctor(_: Context, stack: opt.Stack = "") -> None:
    """Look for what is wrong, and say it; ends with 1 if anything is."""
    lines, is_well = diagnosis.doctor(begin(stack))
    print("\n".join(lines))
    ended(0 if is_well else 1)


@command
def logs(
    _: Context,
    stack: opt.Stack = "",
    service: opt.AnyService = "",
    since: opt.Since = "",
    grep: opt.Grep = "",
    follow: opt.Follow = False,
) -> None:
    """Show the logs."""
    operation = begin(stack)
    ended(
        operation.shell.show(compose_commands.logs(operation.target, service, since, grep, follow))
    )


@command
def restart(_: Context, service: opt.OneService, stack: opt.Stack = "") -> None:
    """Restart one service; no bar is lost."""
    operation = begin(stack)
    with operation.locked(f"restart {service}", ""):
        operation.run(compose_commands.restart(operation.target, service))


@command
def offsets(_: Context, stack: opt.Stack = "") -> None:
    """Hold Kafka against the ledger, partition by partition: is every record accounted for?"""
    operation = begin(stack)
    ended(operation.shell.show(compose_commands.offsets(operation.target)))


@command
def tunnel(
    _: Context, what: opt.Viewers = "", stack: opt.Stack = "", port: opt.TunnelPort = 0
) -> None:
    """Bring the host's pages, or PostgreSQL, to this machine's loopback over SSH, until Ctrl-C."""
    operation = begin_there(stack)
    states, outputs = look(operation).states, operation.host_outputs
    names = tunnels.chosen(what, states)
    key = key_file(outputs, os.environ)
    words = tunnels.command(outputs, known_hosts(outputs), key, names, port)
    print("\n".join(tunnels.lines(names, states, port)), flush=True)
    ended(tunnels.hold(words))


@command
def bundle(_: Context, stack: opt.Stack = "", out: opt.OutFile = "tapeline-bundle.tar.gz") -> None:
    """Collect states, logs and settings for those who help; secrets are taken out."""
    operation = begin(stack)
    support_bundle.write(
        support_bundle.collect(operation), support_bundle.known_secrets(operation), Path(out)
    )
    print(out)
