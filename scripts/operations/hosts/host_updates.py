"""The software below the pipeline: how old it is and which updates wait in, a patched host out."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from scripts.operations import compose_commands
from scripts.operations.errors import OperationError
from scripts.operations.operation import Operation
from scripts.operations.releases.health_gate import await_health
from scripts.operations.target import HOST_DIRECTORY

ENGINE_PACKAGES: Final = (
    *("docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin"),
    *("docker-compose-plugin", "docker.io", "docker-cli", "containerd", "runc"),
)
"""Kept from the nightly updates, since a new engine restarts what runs."""
_GATE_SECONDS: Final = 420
_UPDATES: Final = "tapeline_engine_updates"
_BASE_DAYS: Final = 180
_APT: Final = "DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -q"
# What the last run of apt-get update knows of; `Inst NAME [before] (after ...)` names an update.
ASK: Final = (
    "echo engine=$(docker version --format '{{.Server.Version}}'); "
    f"{_APT} --simulate --with-new-pkgs upgrade | "
    "sed -n 's/^Inst \\([^ ]*\\) \\[\\([^]]*\\)\\] (\\([^ ]*\\) .*/update=\\1 \\2 \\3/p'; "
    "if [ -e /var/run/reboot-required ]; then "
    "echo reboot=$(sort -u /var/run/reboot-required.pkgs 2>/dev/null | tr '\\n' ' '); fi"
)


@dataclass(frozen=True)
class HostUpdates:
    """What waits: packages as `name before after`, and the packages that want a restart."""

    engine: str
    updates: tuple[str, ...]
    reboot: str | None

    @property
    def of_engine(self) -> tuple[str, ...]:
        """The updates that only `fab patch` installs."""
        return tuple(one for one in self.updates if one.partition(" ")[0] in ENGINE_PACKAGES)

    def notes(self) -> list[str]:
        """Return one line for each thing that a person should do."""
        found = []
        if self.of_engine:
            found.append(f"the engine has updates ({', '.join(self.of_engine)}): fab patch")
        if self.reboot is not None:
            why = f" for {self.reboot}" if self.reboot else ""
            found.append(f"the host wants a restart{why}: sudo systemctl reboot")
        return found


def parse(printed: str) -> HostUpdates:
    """Return what ASK printed."""
    facts = [line.partition("=")[::2] for line in printed.splitlines() if "=" in line]
    single = dict(facts)
    return HostUpdates(
        engine=single.get("engine", "").strip(),
        updates=tuple(value for name, value in facts if name == "update"),
        reboot=single["reboot"].strip() if "reboot" in single else None,
    )


def engine(operation: Operation) -> str:
    """Return the engine's version and when it was built, and how old the base of the images is."""
    # An instant in ISO form, of which the day is enough.
    asked = "docker version --format '{{.Server.Version}}, built {{slice .Server.BuildTime 0 10}}'"
    file = "docker-compose.yml"
    if operation.target.is_remote:
        file = f"{HOST_DIRECTORY}/current/{file}"
    found = re.search(r"debian:trixie-(\d{8})", operation.run(f"grep BASE_IMAGE: {file}"))
    if found is None:
        raise OperationError(f"{file} names no dated base")
    built = datetime.strptime(found[1], "%Y%m%d").replace(tzinfo=UTC)
    days = (operation.now() - built).days
    old = ": OLD, bring a newer release" if days > _BASE_DAYS else ""
    return f"{operation.run(asked).strip()}; the base of the images is {days} days old{old}"


def waiting(operation: Operation) -> HostUpdates:
    """Return what waits on a host, by what its package lists knew last night."""
    return parse(operation.run(ASK))


def patch(operation: Operation, reason: str) -> list[str]:
    """Stop the containers in order, update all packages, start them again; return what to do next.

    The branch of the engine stays the one that Ansible pins. Nothing is lost: the producer
    remembers what Kafka has acknowledged, the ledger what is stored. Raises OperationError.
    """
    target = operation.target
    with operation.locked("patch", reason):
        operation.run(f"{_APT} update")
        found = waiting(operation)
        if not found.updates:
            return [f"nothing to update; engine {found.engine}", *found.notes()]
        for one in found.updates:
            operation.say(f"update: {one}")
        # What cannot be fetched must not be found out with everything stopped.
        operation.run(f"{_APT} --yes --download-only --with-new-pkgs upgrade")
        if found.of_engine:
            operation.say("the containers are stopped meanwhile; nothing is lost")
            operation.run(target.compose("stop"))
        code, printed = operation.shell.code(f"{_APT} --yes {_KEPT} --with-new-pkgs upgrade")
        # Whatever became of the update, what ran before must run again.
        operation.run(f"systemctl start docker && {compose_commands.up(target)}")
        await_health(operation, _GATE_SECONDS)
        if code != 0:
            end = (printed.strip().splitlines() or ["no word"])[-1]
            raise OperationError(f"apt-get upgrade ended with {code}: {end}; the pipeline runs")
        now = waiting(operation)
        operation.tell(_UPDATES, len(now.of_engine))
    return [f"engine {now.engine}; {len(found.updates)} packages updated", *now.notes()]


# A file of settings that Ansible wrote stays as it is.
_KEPT: Final = shlex.join(("-o", "Dpkg::Options::=--force-confold"))
