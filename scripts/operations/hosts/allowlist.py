"""Lets networks come to PostgreSQL, or not: firewall, published port and pg_hba.conf together."""

from __future__ import annotations

from infra.config.addresses import WORLD_OPEN_WORDS, is_world_open, normal_form, refuse_world, split
from scripts.operations import compose_commands
from scripts.operations.errors import OperationError
from scripts.operations.hosts import networks
from scripts.operations.operation import Operation
from scripts.operations.releases.settings_file import setting, with_setting
from scripts.operations.target import Target

ALLOW, DENY = "allow", "deny"
_SETTINGS = ".env"


def listed(operation: Operation) -> list[str]:
    """Return the networks that may come in."""
    if operation.target.is_remote:
        printed = operation.run("tapeline-access list").split()
        return [] if printed == ["nobody"] else printed
    return _networks(_settings(operation))


def change(operation: Operation, word: str, cidr: str) -> list[str]:
    """Add a network to the list, or take it off; return the list. Raises OperationError."""
    remote = operation.target.is_remote
    # A settings file may hold what is no network: it is taken off as it is written.
    named = cidr if word == DENY and not remote else networks.network(cidr)
    with operation.locked(f"{word} {named}", ""):
        text = "" if remote else _settings(operation)
        before = listed(operation) if remote else _networks(text)
        if word == DENY:
            wanted = networks.without_network(before, named)
        else:
            wanted = networks.with_network(before, named)
            _require_consent(operation, text, wanted)
        if remote:
            operation.run(f"tapeline-access {word} {named}")
        else:
            operation.shell.send(with_networks(text, wanted).encode(), _SETTINGS)
        operation.run(compose_commands.up(operation.target))
        operation.run(await_list(operation.target, wanted))
    return wanted


def _require_consent(operation: Operation, text: str, wanted: list[str]) -> None:
    """Raise OperationError for a list that holds the world, unless it was said openly."""
    if operation.outputs is not None:
        # Pulumi takes such networks with the words alone.
        said = WORLD_OPEN_WORDS if is_world_open(operation.outputs.powerbi_cidrs) else ""
        name = "the stack's worldOpenPostgres"
    else:
        said, name = setting(text, "POWERBI_WORLD_OPEN").strip("'\""), "POWERBI_WORLD_OPEN"
    try:
        refuse_world(wanted, said, f"set {name} to")
    except ValueError as error:
        raise OperationError(str(error)) from error


def unlisted(operation: Operation) -> list[str]:
    """Return a line for each network that the cloud's firewall lets through and the host does not.

    A later `powerBiCidrs` opens the one; the other one's list is kept by hand, by `allow`.
    """
    known = list(normal_form(listed(operation)))
    return [
        f"powerBiCidrs has {network}, and the host does not let it in: "
        f"fab allow {network} --stack {operation.target.name}"
        for network in operation.host_outputs.powerbi_cidrs
        if networks.with_network(known, network) != known
    ]


def cloud_remedy(stack: str, wanted: str) -> str:
    """Return what opens the firewall that the cloud has in front of a host."""
    return (
        "the cloud's own firewall is the stack's and stays as it is; to open it: "
        f"pulumi config set --stack {stack} powerBiCidrs {wanted} && pulumi up --stack {stack}"
    )


def published_port(operation: Operation) -> str:
    """Return the port at which this machine publishes PostgreSQL."""
    return _port(_settings(operation))


def _settings(operation: Operation) -> str:
    return operation.run(compose_commands.of_file("cat", _SETTINGS))


def _networks(text: str) -> list[str]:
    return split(setting(text, "POWERBI_CIDRS"))


def _port(text: str) -> str:
    return setting(text, "POSTGRES_PUBLISHED").rpartition(":")[2] or "5432"


def with_networks(text: str, wanted: list[str]) -> str:
    """Return the text of .env with the list, and published for them, or for nobody."""
    address = "0.0.0.0" if wanted else "127.0.0.1"  # noqa: S104 - only with a list
    text = with_setting(text, "POSTGRES_PUBLISHED", f"{address}:{_port(text)}")
    return with_setting(text, "POWERBI_CIDRS", ",".join(wanted))


def await_list(target: Target, wanted: list[str]) -> str:
    """Return the command that waits until the server has taken the list, at most half a minute."""
    asked = compose_commands.psql(
        target,
        "postgres",
        query="select count(*) from pg_hba_file_rules where 'powerbi_reader' = any(user_name) "
        "and address <> 'samenet'",
    )
    return (
        f'for _ in $(seq 15); do [ "$({asked} 2>/dev/null)" = {len(wanted)} ] && exit 0; '
        "sleep 2; done; echo 'the server has not taken the list'; exit 1"
    )
