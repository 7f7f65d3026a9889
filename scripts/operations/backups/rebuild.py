"""Takes an empty host to a running pipeline from the repository of backups alone.

The topics are new then, and begin where the restored ledger ends, so that ledger, replay and
reconcile count on as if nothing had been. The producer, whose state is empty, sends what came
since.
"""

from __future__ import annotations

import re
import shlex
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Final
from uuid import UUID

from scripts.operations import compose_commands
from scripts.operations.backups import backup_commands, backups
from scripts.operations.backups.postgres_upgrade import SERVING, in_volume
from scripts.operations.credentials.api_key_rotation import send
from scripts.operations.errors import OperationError
from scripts.operations.hosts import ansible
from scripts.operations.hosts.preflight import preflight
from scripts.operations.operation import Operation
from scripts.operations.releases import deploy
from scripts.operations.releases.health_gate import start
from services.common.kafka_cluster.settings import KAFKA_BOOTSTRAP

_KAFKA_SECONDS: Final = 180
# Files that were imported have a ledger, too, under names that no topic may have.
_LEDGER: Final = """
select topic, partition, next_offset from market.sink_offsets
where topic ~ '^[A-Za-z0-9._-]+$' order by topic, partition
"""

_KNOWN: Final = """
update market.sink_offsets set topic_id = '{identifier}' where topic = '{topic}'
"""


def rebuild(operation: Operation, plan: deploy.Plan, typed: str, passphrase: str) -> list[str]:
    """Bring the release, the database and new topics; return a line about each part.

    Raises OperationError, also where the host has a database already.
    """
    at, begun = backup_commands.moment(typed), operation.now()
    if plan.release is None:
        raise OperationError("say which host: --stack NAME")
    secret = _passphrase(passphrase)
    if plan.with_ansible:
        operation.say("Ansible is bringing the host to its state")
        ansible.provision(operation.target.name, check=False)
    preflight(operation)
    with operation.locked(f"rebuild {plan.release.name}", at):
        deploy.bring(operation, plan.release, plan.images, None)
        deploy.point(operation, plan.release.name)
        _require_empty(operation)
        if secret:
            send(operation, secret, f"{operation.target.given}/backup_passphrase")
        backups.put_in_place(operation, at, plan.gate_seconds)
        topics = _begin_topics(operation)
        deploy.switch(operation, plan.release.name, plan.gate_seconds)
    seconds = (operation.now() - begun).total_seconds()
    return [*topics, f"rebuilt in {seconds:.0f} s"]


def identifiers(printed: str) -> dict[str, str]:
    """Return the identifier of each topic, as clients tell it, from what the broker's files say."""
    found = re.findall(r"^(\S+) ([A-Za-z0-9_-]{22})$", printed, re.MULTILINE)
    return {topic: str(UUID(bytes=urlsafe_b64decode(f"{text}=="))) for topic, text in found}


def _passphrase(file: str) -> bytes:
    try:
        return Path(file).expanduser().read_bytes() if file else b""
    except OSError as error:
        raise OperationError(f"--passphrase: {error}") from None


def _require_empty(operation: Operation) -> None:
    used = operation.run(compose_commands.heard(in_volume(operation.target, SERVING))).strip()
    if used != "none":
        raise OperationError(
            f"{operation.target.name} has a database already; `fab restore` puts the repository's "
            "in its place"
        )


def _begin_topics(operation: Operation) -> list[str]:
    """Make the topics, have them begin where the ledger ends, and let the ledger know them."""
    target = operation.target
    if elsewhere := operation.host_outputs.settings.get(KAFKA_BOOTSTRAP.name):
        return [f"the topics at {elsewhere} are read on from where the restored ledger ends"]
    ledger = operation.run(compose_commands.psql(target, query=_LEDGER)).replace("|", " ")
    if not ledger.strip():
        return ["no record was ever read: the topics begin anew"]
    start(operation, _KAFKA_SECONDS, "kafka")
    operation.run(target.compose("run", "--rm", "--no-TTY", "topics"))
    operation.run(target.compose("stop", "kafka"))
    script = f"printf %s {shlex.quote(ledger)} | /app/services/kafka/begin-at"
    printed = operation.run(
        compose_commands.heard(compose_commands.beside(target, "kafka", script))
    )
    for topic, identifier in identifiers(printed).items():
        known = _KNOWN.format(identifier=identifier, topic=topic)
        operation.run(compose_commands.psql(target, write=True, query=known))
    return [
        f"{' '.join(line.split()[:2])} begins at {line.split()[2]}" for line in ledger.splitlines()
    ]
