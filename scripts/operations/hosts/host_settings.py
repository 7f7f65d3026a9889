"""What the containers of a host are told: stack outputs in, the lines of its settings.env out."""

from __future__ import annotations

import re
from typing import Final

from infra.outputs import StackOutputs
from scripts.operations.target import HOST_DIRECTORY

FILE: Final = f"{HOST_DIRECTORY}/settings.env"
BACKUPS: Final = "/var/lib/tapeline/backups"
BUILD_CA: Final = f"{HOST_DIRECTORY}/build-ca.pem"
_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:,@%+*\[\]-]*")


def lines(outputs: StackOutputs) -> list[str]:
    """Return every line of the file; Compose reads each value as it stands here."""
    told = {
        "TAPELINE_SECRETS": f"{HOST_DIRECTORY}/keys",
        "TAPELINE_GIVEN": f"{HOST_DIRECTORY}/given",
        "TAPELINE_METRICS": f"{HOST_DIRECTORY}/metrics",
        **_repository(outputs.backup_target),
        "POSTGRES_TLS_NAMES": tls_names(outputs),
        **({"BUILD_CA_FILE": BUILD_CA} if outputs.build_ca else {}),
        **(_shown(outputs) if outputs.dashboard_cidrs else {}),
        **outputs.settings,
    }
    if profiles(outputs):
        told["COMPOSE_PROFILES"] = ",".join(profiles(outputs))
    return [f"{name}={_quoted(value)}" for name, value in told.items()]


def profiles(outputs: StackOutputs) -> tuple[str, ...]:
    """Return the profiles that are on: those of the settings, and the dashboard's front."""
    of_settings = outputs.settings.get("COMPOSE_PROFILES", "").split(",")
    given = [name.strip() for name in of_settings if name.strip()]
    return (*given, *(("front",) if outputs.dashboard_cidrs else ()))


def _repository(target: str) -> dict[str, str]:
    """Return where backups go: a folder of the host in the container's place, or elsewhere."""
    if target and not target.startswith("/"):
        return {"BACKUP_REPOSITORY": target}
    return {"TAPELINE_BACKUPS": target or BACKUPS}


def _shown(outputs: StackOutputs) -> dict[str, str]:
    """Return what shows the dashboard to others."""
    told = {"DASHBOARD_DOMAIN": outputs.domain, "FRONT_PUBLISHED": "0.0.0.0:443"}
    if outputs.certificate == "acme":
        told["FRONT_HTTP_PUBLISHED"] = "0.0.0.0:80"
        told["TAPELINE_ACME"] = f"{HOST_DIRECTORY}/acme"
    return told


def _quoted(value: str) -> str:
    """Return the value so that Compose replaces nothing in it; it holds no quotation marks."""
    return value if _PLAIN.fullmatch(value) else f"'{value}'"


def tls_names(outputs: StackOutputs) -> str:
    """Return the names that people type for PostgreSQL, as the certificate holds them."""
    names = [outputs.domain] if outputs.domain else []
    names.append(outputs.address)
    is_address = {name: name.replace(".", "").isdigit() or ":" in name for name in names}
    return ",".join(f"{'IP' if is_address[name] else 'DNS'}:{name}" for name in names)


def differences(wanted: list[str], there: str) -> list[str]:
    """Return a phrase for each setting that is not the same in the text of the host's file."""
    configured, found = _by_name(wanted), _by_name(there.splitlines())
    return [
        f"{name} is {found.get(name, 'not set')}, configured is {configured.get(name, 'nothing')}"
        for name in dict.fromkeys((*configured, *found))
        if configured.get(name) != found.get(name)
    ]


def _by_name(text: list[str]) -> dict[str, str]:
    parts = (line.partition("=") for line in text if line and not line.startswith("#"))
    return {name: value for name, _, value in parts}
