"""Lets networks come to PostgreSQL, or not: firewall, published port and pg_hba.conf together."""

from __future__ import annotations

from infra.addresses import is_world_open
from infra.settings import WORLD_OPEN_WORDS
from scripts.operations import commands, networks
from scripts.operations.errors import OperationError
from scripts.operations.place import Place
from scripts.operations.session import Session
from scripts.operations.settings_file import setting, with_setting

ALLOW, DENY = "allow", "deny"
_SETTINGS = ".env"


def listed(session: Session) -> list[str]:
    """Return the networks that may come in."""
    if session.place.is_remote:
        printed = session.run("tapeline-access list").split()
        return [] if printed == ["nobody"] else printed
    return _networks(_settings(session))


def change(session: Session, word: str, cidr: str) -> list[str]:
    """Add a network to the list, or take it off; return the list. Raises OperationError."""
    deed = networks.with_network if word == ALLOW else networks.without_network
    named = networks.network(cidr)
    if word == ALLOW and is_world_open([named]) and not _may_the_world_come(session):
        setting_ = "the stack's worldOpenPostgres" if session.outputs else "POWERBI_WORLD_OPEN"
        raise OperationError(
            f"{cidr} opens the database to half the world or more; name the networks of the people "
            f"who use Power BI, or set {setting_} to: {WORLD_OPEN_WORDS}"
        )
    with session.locked(f"{word} {named}", ""):
        if session.place.is_remote:
            wanted = deed(listed(session), named)
            session.run(f"tapeline-access {word} {named}")
        else:
            text = _settings(session)
            wanted = deed(_networks(text), named)
            session.shell.send(with_networks(text, wanted).encode(), _SETTINGS)
        session.run(commands.up(session.place))
        session.run(await_list(session.place, wanted))
    return wanted


def _may_the_world_come(session: Session) -> bool:
    """Return whether it was said openly: Pulumi takes such ranges with the words alone."""
    if session.outputs is not None:
        return is_world_open(session.outputs.powerbi_cidrs)
    return setting(_settings(session), "POWERBI_WORLD_OPEN").strip("'\"") == WORLD_OPEN_WORDS


def cloud_remedy(stack: str, wanted: str) -> str:
    """Return what opens the firewall that the cloud has in front of a host."""
    return (
        "the cloud's own firewall is the stack's and stays as it is; to open it: "
        f"pulumi config set --stack {stack} powerBiCidrs {wanted} && pulumi up --stack {stack}"
    )


def published_port(session: Session) -> str:
    """Return the port at which this machine publishes PostgreSQL."""
    return _port(_settings(session))


def _settings(session: Session) -> str:
    return session.run(commands.of_file("cat", _SETTINGS))


def _networks(text: str) -> list[str]:
    return setting(text, "POWERBI_CIDRS").replace(",", " ").split()


def _port(text: str) -> str:
    return setting(text, "POSTGRES_PUBLISHED").rpartition(":")[2] or "5432"


def with_networks(text: str, wanted: list[str]) -> str:
    """Return the text of .env with the list, and published for them, or for nobody."""
    address = "0.0.0.0" if wanted else "127.0.0.1"  # noqa: S104 - only with a list
    text = with_setting(text, "POSTGRES_PUBLISHED", f"{address}:{_port(text)}")
    return with_setting(text, "POWERBI_CIDRS", ",".join(wanted))


def await_list(place: Place, wanted: list[str]) -> str:
    """Return the command that waits until the server has taken the list, at most half a minute."""
    asked = commands.psql(
        place,
        "postgres",
        query="select count(*) from pg_hba_file_rules where 'powerbi_reader' = any(user_name) "
        "and address <> 'samenet'",
    )
    return (
        f'for _ in $(seq 15); do [ "$({asked} 2>/dev/null)" = {len(wanted)} ] && exit 0; '
        "sleep 2; done; echo 'the server has not taken the list'; exit 1"
    )
