"""Commands that make a host, bring it to its state, and take it away."""

from __future__ import annotations

from invoke.context import Context

from scripts.operations import compose_commands
from scripts.operations import options as opt
from scripts.operations.cli import command
from scripts.operations.errors import OperationError
from scripts.operations.hosts import ansible, host_updates
from scripts.operations.new_stack import new_host
from scripts.operations.operation import begin, begin_there
from scripts.operations.releases import data_origin


@command
def new(
    _: Context,
    cloud: opt.CloudName = "",
    stack: opt.NewName = "dev",
    region: opt.Region = "",
    size: opt.Size = "",
    admin_cidrs: opt.AdminCidrs = "",
    backup_target: opt.BackupTarget = "",
    ssh_public_key: opt.PublicKey = "",
    ssh_identity_file: opt.IdentityFile = "",
    host_address: opt.HostAddress = "",
    host_user: opt.HostUser = "",
    host_key: opt.HostKey = "",
    key_file: opt.KeyFile = "",
    plan: opt.Plan = "",
    symbols: opt.Symbols = "",
    intervals: opt.Intervals = "",
    only_configure: opt.OnlyConfigure = False,
    yes: opt.YesMakeIt = False,
) -> None:
    """Make a host from nothing: ask what it needs, show what it costs and what comes, make it.

    Writes the configuration of a new Pulumi stack, shows Pulumi's preview, and after a yes makes
    the host and deploys the pipeline. Each answer is checked at once and can be given by an option,
    so that with --yes nobody need be there:

        fab new --cloud hcloud --admin-cidrs 203.0.113.7 \\
            --backup-target /mnt/backups --yes

    It wants the Pulumi CLI with a place for its state (`pulumi login`), the cloud's credentials in
    the environment, and `scripts/setup --cloud NAME`.
    """
    given = {
        "cloud": cloud, "region": region, "size": size, "adminCidrs": admin_cidrs,
        "backupTarget": backup_target,
        "sshPublicKey": ssh_public_key, "sshIdentityFile": ssh_identity_file,
        "hostAddress": host_address, "hostUser": host_user, "hostKey": host_key,
        "alphaVantageKey": key_file, "settings.ALPHA_VANTAGE_PLAN": plan,
        "settings.SYMBOLS": symbols, "settings.INTERVALS": intervals,
    }  # fmt: skip
    begun = new_host.configured(stack, given, None if yes else new_host.ask)
    if only_configure:
        print(f"written; go on with: pulumi up --stack {stack}")
    else:
        new_host.make(stack, begun, None if yes else new_host.ask)


@command
def provision(
    _: Context,
    stack: opt.Stack = "",
    check: opt.Check = False,
    undo: opt.Undo = False,
    yes: opt.Yes = False,
    extra: opt.Extra = "",
) -> None:
    """Bring a host to its state with Ansible: firewall, engine, folders, timers."""
    operation = begin_there(stack)
    if undo and not (yes or check) and input(f"Take all of it from {stack}? Type yes: ") != "yes":
        raise OperationError("nothing was done")
    if not (check or undo):
        data_origin.refuse_mixing(operation, has_key=data_origin.will_have_key(operation))
    playbook = ansible.UNDO if undo else ansible.SITE
    ansible.provision(stack, check, extra.split(), playbook)


@command
def patch(_: Context, stack: opt.Stack = "", reason: opt.Reason = "") -> None:
    """Update the host's packages, the engine too: lock, stop in order, update, health gate."""
    print("\n".join(host_updates.patch(begin_there(stack), reason)))


@command
def destroy(
    _: Context, stack: opt.Stack = "", with_data: opt.WithData = False, yes: opt.Yes = False
) -> None:
    """Remove the containers; the data stays unless told. The host itself is `pulumi destroy`'s."""
    operation = begin(stack)
    what = "the containers AND ALL DATA" if with_data else "the containers"
    if not yes and input(f"Remove {what} of {operation.target.name}? Type yes: ") != "yes":
        raise OperationError("nothing was done")
    with operation.locked(f"destroy {what}", ""):
        operation.run(compose_commands.destroy(operation.target, with_data))
