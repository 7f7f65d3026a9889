"""The commands a person types: `fab --list` names them, `fab --help COMMAND` tells their options.

They act on this machine's own containers, or with `--stack NAME` on the host of a Pulumi stack.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from invoke.context import Context

from scripts.operations import compose_commands, database_connection, status_report
from scripts.operations import options as opt
from scripts.operations import powerbi_kit as kits
from scripts.operations import support_bundle as bundles
from scripts.operations import tunnel as tunnels
from scripts.operations.backups import backups
from scripts.operations.cli import command, ended
from scripts.operations.credentials import passwords, rotation
from scripts.operations.errors import OperationError
from scripts.operations.hosts import allowlist as lists
from scripts.operations.hosts import ansible, host_updates
from scripts.operations.hosts.stack_outputs import known_hosts
from scripts.operations.new_stack import new_host
from scripts.operations.operation import begin, begin_there
from scripts.operations.releases import data_origin
from scripts.operations.releases import deploy as deploys
from scripts.operations.releases.health_gate import look
from scripts.operations.releases.upgrade import upgrade as behind_a_backup
from scripts.operations.ssh_client import key_file


@command
def new(
    _: Context,
    cloud: opt.CloudName = "",
    stack: opt.NewName = "dev",
    region: opt.Region = "",
    size: opt.Size = "",
    admin_cidrs: opt.AdminCidrs = "",
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

        fab new --cloud hcloud --admin-cidrs 203.0.113.7 --yes

    It wants the Pulumi CLI with a place for its state (`pulumi login`), the cloud's credentials in
    the environment, and `scripts/setup --cloud NAME`.
    """
    given = {
        "cloud": cloud, "region": region, "size": size, "adminCidrs": admin_cidrs,
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
    lines = behind_a_backup(operation, lambda dump: deploys.deploy(operation, plan, dump))
    print("\n".join(lines))


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
def rollback(_: Context, stack: opt.Stack = "", to: opt.To = "", reason: opt.Reason = "") -> None:
    """Run an earlier release again; its images are kept."""
    print(deploys.roll_back(begin_there(stack), to, reason, deploys.GATE_SECONDS))


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
    lines, is_well = status_report.doctor(begin(stack))
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
def replay(
    _: Context,
    stack: opt.Stack = "",
    start: opt.Start = "",
    end: opt.End = "",
    symbol: opt.OnlySymbol = "",
    partition: opt.Partition = "",
    offsets: opt.Offsets = "",
    dry_run: opt.DryRun = False,
) -> None:
    """Read a part of Kafka again into the table, while the live job goes on."""
    options = compose_commands.replay_options(start, end, symbol, partition, offsets, dry_run)
    operation = begin(stack)
    ended(operation.shell.show(compose_commands.replay(operation.target, options)))
    if not dry_run:
        operation.record(f"replay {' '.join(options)}", "done")


@command
def offsets(_: Context, stack: opt.Stack = "") -> None:
    """Hold Kafka against the ledger, partition by partition: is every record accounted for?"""
    operation = begin(stack)
    ended(operation.shell.show(compose_commands.offsets(operation.target)))


@command
def psql(
    _: Context, stack: opt.Stack = "", query: opt.Query = "", write: opt.Write = False
) -> None:
    """Open a session with the database."""
    ended(database_connection.open_(begin(stack), write=write, query=query))


@command
def allow(_: Context, cidr: opt.Cidr, stack: opt.Stack = "") -> None:
    """Let Power BI's machines in: the host's firewall, port and pg_hba.conf, not the cloud's."""
    wanted = ",".join(lists.change(begin(stack), lists.ALLOW, cidr))
    print(f"allowed networks: {wanted}")
    if stack:
        print(lists.cloud_remedy(stack, wanted))


@command
def deny(_: Context, cidr: opt.ListedCidr, stack: opt.Stack = "") -> None:
    """Let a network in no more."""
    print(
        f"allowed networks: {', '.join(lists.change(begin(stack), lists.DENY, cidr)) or 'nobody'}"
    )


@command
def rotate(_: Context, what: opt.Rotated, stack: opt.Stack = "", file: opt.NewFile = "") -> None:
    """Make a secret anew: the API key, a role's password, or the certificate."""
    rotation.rotate(begin(stack), what, file)


@command
def secret(_: Context, name: opt.SecretName, stack: opt.Stack = "") -> None:
    """Show a password that was made, or the certificate of the private authority."""
    operation = begin(stack)
    shown = operation.run(passwords.show(operation.target, name))
    operation.record(f"secret {name}", "shown")
    print(shown.strip())


@command
def backup(_: Context, stack: opt.Stack = "") -> None:
    """Take an encrypted backup now; on a host one is taken every night."""
    print(backups.back_up(begin(stack)))


@command
def restore(_: Context, stack: opt.Stack = "", dump: opt.Dump = "", yes: opt.Yes = False) -> None:
    """Put a backup in the place of the live database, which is kept; Kafka fills up the rest."""
    operation = begin(stack)
    dump = dump or backups.newest(operation)
    if not yes and input(f"Restore {dump} on {operation.target.name}? Type yes: ") != "yes":
        raise OperationError("nothing was done")
    kept = backups.restore(operation, dump, deploys.GATE_SECONDS)
    print(f"restored; the database of before is {kept}: drop it when you are sure")


@command
def drill(_: Context, stack: opt.Stack = "") -> None:
    """Restore the newest backup beside the live database, and compare rows and sums."""
    print("\n".join(backups.drill(begin(stack))))


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
    bundles.write(bundles.collect(operation), bundles.known_secrets(operation), Path(out))
    print(out)


@command
def powerbi(
    _: Context,
    stack: opt.Stack = "",
    out: opt.OutFolder = "tapeline-powerbi",
    ca: opt.Ca = "",
    symbol: opt.FirstSymbol = "",
    interval: opt.FirstInterval = "",
    overwrite: opt.Overwrite = False,
) -> None:
    """Write the Power BI project and its connection kit for this target."""
    given = {"out": out, "ca": ca, "symbol": symbol, "interval": interval}
    ended(kits.write(begin(stack), given, overwrite, kits.builder))


@command
def unlock(_: Context, stack: opt.Stack = "") -> None:
    """Give back a lock whose owner has gone."""
    operation = begin(stack)
    operation.run(compose_commands.release_lock(operation.target))
    operation.record("unlock", "done")


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
