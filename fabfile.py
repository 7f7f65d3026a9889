"""The verbs a person types: `fab --list` names them, `fab --help VERB` tells their options.

They act on this machine's own containers, or with `--stack NAME` on the host of a Pulumi stack.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from fabric import task
from invoke.context import Context
from invoke.exceptions import Exit

from scripts.operations import access as lists
from scripts.operations import bundle as bundles
from scripts.operations import commands, passwords, recovery, reports, rotation
from scripts.operations import deploy as deploys
from scripts.operations import provision as ansible
from scripts.operations import tunnel as tunnels
from scripts.operations.errors import OperationError
from scripts.operations.gate import look
from scripts.operations.inventory import KEY_VARIABLE
from scripts.operations.session import Session, begin
from scripts.operations.stacks import known_hosts, stack_outputs

STACK = "the host of this Pulumi stack; without it, this machine's own containers"


def verb(**options: str) -> Callable[[Callable[..., Any]], Any]:
    """Make a function a verb: its options told, its errors one clear line."""

    def make(function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def run(*arguments: Any, **given: Any) -> None:
            try:
                function(*arguments, **given)
            except OperationError as error:
                raise Exit(f"fab {function.__name__.replace('_', '-')}: {error}", 1) from None

        return task(help=options, auto_shortflags=False)(run)

    return make


def ended(code: int) -> None:
    """End with the code of what was shown."""
    if code != 0:
        raise Exit(code=code)


def host_of(stack: str) -> Session:
    """Return a session on a host, for what there is there alone."""
    if not stack:
        raise OperationError("say which host: --stack NAME")
    return begin(stack)


@verb(
    stack=STACK,
    reason="why, for the lock and the record",
    ref="the commit (default HEAD)",
    images="build (there), or send (this machine's)",
    provision="run Ansible first, as by default",
    gate_seconds="how long all services may take to be well",
)
def deploy(
    _: Context,
    stack: str = "",
    reason: str = "",
    ref: str = "HEAD",
    images: str = "build",
    provision: bool = True,
    gate_seconds: int = deploys.GATE_SECONDS,
) -> None:
    """Bring a release up: checks, lock, files, images, health gate; back by itself if it fails."""
    if not stack:
        deploys.deploy_here(begin(""), reason, gate_seconds)
        return
    session = begin(stack)
    release = deploys.new_release(session, ref)
    if provision:
        ansible.provision(stack, check=False)
    deploys.deploy_there(session, release, images, reason, gate_seconds)


@verb(stack=STACK, check="only tell what would change", extra="further words for ansible-playbook")
def provision(_: Context, stack: str = "", check: bool = False, extra: str = "") -> None:
    """Bring a host to its state with Ansible: firewall, engine, folders, timers."""
    host_of(stack)
    ansible.provision(stack, check, extra.split())


@verb(stack=STACK, to="the release (default: the one before)", reason="why, for the record")
def rollback(_: Context, stack: str = "", to: str = "", reason: str = "") -> None:
    """Run an earlier release again; its images are kept."""
    print(deploys.roll_back(host_of(stack), to, reason, deploys.GATE_SECONDS))


@verb(stack=STACK)
def status(_: Context, stack: str = "") -> None:
    """Show health, freshness, lag, quota, disk, certificate, last backup, and who is let in."""
    print("\n".join(reports.status(begin(stack))))


@verb(stack=STACK)
def doctor(_: Context, stack: str = "") -> None:
    """Look for what is wrong, and say it; ends with 1 if anything is."""
    lines, is_well = reports.doctor(begin(stack))
    print("\n".join(lines))
    ended(0 if is_well else 1)


@verb(
    stack=STACK,
    service="one service (default: all)",
    since="such as 30m, 2h, 2026-11-24T14:30:00Z",
    grep="only lines that match this",
    follow="go on as lines come",
)
def logs(
    _: Context,
    stack: str = "",
    service: str = "",
    since: str = "",
    grep: str = "",
    follow: bool = False,
) -> None:
    """Show the logs."""
    session = begin(stack)
    ended(session.shell.show(commands.logs(session.place, service, since, grep, follow)))


@verb(stack=STACK, service="which one")
def restart(_: Context, service: str, stack: str = "") -> None:
    """Restart one service; no bar is lost."""
    session = begin(stack)
    with session.locked(f"restart {service}", ""):
        session.run(commands.restart(session.place, service))


@verb(
    stack=STACK,
    start="first instant, such as 2h or 2026-11-24T14:30:00Z",
    end="up to it (default now)",
    symbol="only this one",
    partition="with --offsets",
    offsets="from A up to B, as A:B",
    dry_run="only tell how many bars would be new, changed, equal",
)
def replay(
    _: Context,
    stack: str = "",
    start: str = "",
    end: str = "",
    symbol: str = "",
    partition: str = "",
    offsets: str = "",
    dry_run: bool = False,
) -> None:
    """Read a part of Kafka again into the table, while the live job goes on."""
    options = commands.replay_options(start, end, symbol, partition, offsets, dry_run)
    session = begin(stack)
    ended(session.shell.show(commands.replay(session.place, options)))
    if not dry_run:
        session.record(f"replay {' '.join(options)}", "done")


@verb(stack=STACK)
def offsets(_: Context, stack: str = "") -> None:
    """Hold Kafka against the ledger, partition by partition: is every record accounted for?"""
    session = begin(stack)
    ended(session.shell.show(commands.offsets(session.place)))


@verb(stack=STACK, query="run this and end", write="may write (default: reads alone)")
def psql(_: Context, stack: str = "", query: str = "", write: bool = False) -> None:
    """Open a session with the database."""
    session = begin(stack)
    ended(session.shell.show(commands.psql(session.place, write=write, query=query)))


@verb(stack=STACK, cidr="an IPv4 network, such as 203.0.113.0/24")
def allow(_: Context, cidr: str, stack: str = "") -> None:
    """Let Power BI's machines in from a network: firewall, port and pg_hba.conf together."""
    print(f"let in: {', '.join(lists.change(begin(stack), lists.ALLOW, cidr))}")
    if stack:
        print("the cloud's own firewall is the stack's: add it to powerbiCidrs, then `pulumi up`")


@verb(stack=STACK, cidr="a network that is on the list")
def deny(_: Context, cidr: str, stack: str = "") -> None:
    """Let a network in no more."""
    print(f"let in: {', '.join(lists.change(begin(stack), lists.DENY, cidr)) or 'nobody'}")


@verb(
    stack=STACK,
    what=", ".join(rotation.names()),
    file="the file with the new key, or a folder with server.crt and server.key",
)
def rotate(_: Context, what: str, stack: str = "", file: str = "") -> None:
    """Make a secret anew: the API key, a role's password, or the certificate."""
    rotation.rotate(begin(stack), what, file)


@verb(stack=STACK, name="such as dashboard_password, powerbi_reader_password, ca.crt")
def secret(_: Context, name: str, stack: str = "") -> None:
    """Show a password that was made, or the certificate of the private authority."""
    session = begin(stack)
    shown = session.run(passwords.show(session.place, name))
    session.record(f"secret {name}", "shown")
    print(shown.strip())


@verb(stack=STACK)
def backup(_: Context, stack: str = "") -> None:
    """Take an encrypted backup now; on a host one is taken every night."""
    print(recovery.back_up(begin(stack)))


@verb(stack=STACK, dump="the backup (default: the newest)", yes="do not ask")
def restore(_: Context, stack: str = "", dump: str = "", yes: bool = False) -> None:
    """Put a backup in the place of the live database, which is kept; Kafka fills up the rest."""
    session = begin(stack)
    dump = dump or recovery.newest(session)
    if not yes and input(f"Restore {dump} on {session.place.name}? Type yes: ") != "yes":
        raise OperationError("nothing was done")
    kept = recovery.restore(session, dump, deploys.GATE_SECONDS)
    print(f"restored; the database of before is {kept}: drop it when you are sure")


@verb(stack=STACK)
def drill(_: Context, stack: str = "") -> None:
    """Restore the newest backup beside the live database, and compare rows and sums."""
    print("\n".join(recovery.drill(begin(stack))))


@verb(stack=STACK, what=f"some of {', '.join(tunnels.VIEWERS)} (default: every page that runs)",
      port="the port here, for one alone (default: the same)")  # fmt: skip
def tunnel(_: Context, what: str = "", stack: str = "", port: int = 0) -> None:
    """Bring the host's pages, or PostgreSQL, to this machine's loopback over SSH, until Ctrl-C."""
    states = look(host_of(stack)).states
    names, outputs = tunnels.chosen(what, states), stack_outputs(stack, os.environ)
    key = os.environ.get(KEY_VARIABLE, "")
    words = tunnels.command(outputs, known_hosts(outputs), key, names, port)
    print("\n".join(tunnels.lines(names, states, port)), flush=True)
    ended(tunnels.hold(words))


@verb(stack=STACK, out="the file to write")
def bundle(_: Context, stack: str = "", out: str = "tapeline-bundle.tar.gz") -> None:
    """Collect states, logs and settings for those who help; secrets are taken out."""
    session = begin(stack)
    bundles.write(bundles.collect(session), bundles.known_secrets(session), Path(out))
    print(out)


@verb(stack=STACK, out="the folder to write")
def powerbi(_: Context, stack: str = "", out: str = "tapeline-powerbi") -> None:
    """Write the Power BI project and its connection kit for this place."""
    outputs = begin(stack).outputs
    address = (outputs.domain or outputs.address) if outputs else "localhost"
    ended(
        subprocess.call([sys.executable, "-m", "powerbi", "build", "--host", address, "--out", out])
    )


@verb(stack=STACK)
def unlock(_: Context, stack: str = "") -> None:
    """Give back a lock whose owner has gone."""
    session = begin(stack)
    session.run(commands.release_lock(session.place))
    session.record("unlock", "done")


@verb(stack=STACK, with_data="also bars, Kafka's log and passwords", yes="do not ask")
def destroy(_: Context, stack: str = "", with_data: bool = False, yes: bool = False) -> None:
    """Remove the containers; the data stays unless told. The host itself is `pulumi destroy`'s."""
    session = begin(stack)
    what = "the containers AND ALL DATA" if with_data else "the containers"
    if not yes and input(f"Remove {what} of {session.place.name}? Type yes: ") != "yes":
        raise OperationError("nothing was done")
    with session.locked(f"destroy {what}", ""):
        session.run(commands.destroy(session.place, with_data))
