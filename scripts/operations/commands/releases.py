"""Commands that bring a release up, and the one before back."""

from __future__ import annotations

from invoke.context import Context

from scripts.operations import compose_commands
from scripts.operations import options as opt
from scripts.operations.cli import command
from scripts.operations.operation import begin, begin_there
from scripts.operations.releases import deploy as deploys
from scripts.operations.releases.upgrade import upgrade as behind_a_backup


@command
def deploy(
    _: Context,
    stack: opt.Stack = "",
    reason: opt.Reason = "",
    ref: opt.Ref = "HEAD",
    images: opt.Images = "build",
    provision: opt.Provision = True,
    gate_seconds: opt.GateSeconds = deploys.GATE_SECONDS,
) -> None:
    """Bring a release up: checks, lock, files, images, health gate; back by itself if it fails."""
    operation = begin(stack)
    plan = deploys.planned(operation, ref, images, provision, reason, gate_seconds)
    deploys.deploy(operation, plan)


@command
def upgrade(
    _: Context,
    stack: opt.Stack = "",
    reason: opt.Reason = "",
    ref: opt.Ref = "HEAD",
    images: opt.Images = "build",
    provision: opt.Provision = True,
    gate_seconds: opt.GateSeconds = deploys.GATE_SECONDS,
) -> None:
    """Backup, deploy, look whether all is well; data goes to a new major version of PostgreSQL."""
    operation = begin(stack)
    plan = deploys.planned(operation, ref, images, provision, reason, gate_seconds)
    lines = behind_a_backup(operation, lambda label: deploys.deploy(operation, plan, label))
    print("\n".join(lines))


@command
def rollback(_: Context, stack: opt.Stack = "", to: opt.To = "", reason: opt.Reason = "") -> None:
    """Run an earlier release again; its images are kept."""
    print(deploys.roll_back(begin_there(stack), to, reason, deploys.GATE_SECONDS))


@command
def unlock(_: Context, stack: opt.Stack = "") -> None:
    """Give back a lock whose owner has gone."""
    operation = begin(stack)
    operation.run(compose_commands.release_lock(operation.target))
    operation.record("unlock", "done")
