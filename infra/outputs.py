"""What a stack tells those who come after it: stack outputs as JSON in, one checked object out.

The one bridge from infra/ to the Ansible inventory and the Fabric commands, so it needs nothing but
the standard library. `pulumi stack output --json --show-secrets` prints what `from_json` reads;
while `pulumi up` itself deploys (`deploy: true`), the file named by TAPELINE_STACK_OUTPUTS holds
the same JSON, because the engine publishes the outputs only after the last resource.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from infra.config.container_settings import checked

OUTPUTS_FILE_VARIABLE: Final = "TAPELINE_STACK_OUTPUTS"
KEY_FILE_VARIABLE: Final = "TAPELINE_SSH_KEY"
PROGRESS_VARIABLE: Final = "TAPELINE_PROGRESS_FD"
"""Set for a deployment within `pulumi up`: where fab also writes how far it is."""
SSH_USER: Final = "tapeline"

ROLE_PASSWORDS: Final = (
    "postgres_password",
    "market_owner_password",
    "stream_writer_password",
    "dashboard_reader_password",
    "powerbi_reader_password",
)
"""Made by Pulumi; the names are those of the files that the containers read."""

GIVEN_SECRETS: Final = ("alpha_vantage_key", "backup_access_key_id", "backup_key")
"""Given in the configuration; empty where it has none."""

SECRETS: Final = (*ROLE_PASSWORDS, "backup_passphrase", *GIVEN_SECRETS)


class OutputsError(Exception):
    """The outputs are not those of this program; the message is one line for the operator."""


@dataclass(frozen=True)
class StackOutputs:
    """Everything that Ansible and Fabric know of a host. Field names are the outputs' names."""

    stack: str
    cloud: str
    """aws, azure, gcp, hcloud, digitalocean, existing or local."""
    address: str
    """The static IPv4 address (or, for `existing`, the name) that people and tools connect to."""
    ssh_user: str
    """May become root by sudo without a password."""
    ssh_port: int
    ssh_identity_file: str
    """The private key's file on the operator's machine; empty: ssh and its agent choose."""
    host_key: str
    """A whole known_hosts line: `203.0.113.7 ssh-ed25519 AAAA…`, `[203.0.113.7]:2222 …`."""
    data_volume_device: str
    """A stable path below /dev/disk; empty: /var/lib/tapeline on the root disk holds the data."""
    take_over_host: bool
    """A machine that is in use is for this alone."""
    domain: str
    """The name people type for PostgreSQL and the dashboard; empty: they type the address."""
    certificate: str
    """own-ca, given or acme."""
    acme_email: str
    admin_cidrs: tuple[str, ...]
    """May reach SSH."""
    powerbi_cidrs: tuple[str, ...]
    """May reach PostgreSQL; none: 5432 answers nobody outside."""
    dashboard_cidrs: tuple[str, ...]
    """May reach the dashboard at https://DOMAIN; none: nothing answers at 443."""
    backup_target: str
    """A folder of the host, or the URL of a repository elsewhere; empty: the data volume."""
    backup_known_hosts: str
    """The line of known_hosts that tells the machine of an sftp:// target."""
    settings: Mapping[str, str]
    """What the containers are told, by the names of .env.example."""
    build_ca: str
    """Certificates that builds must trust, as PEM; mostly empty."""
    data_volume_gb: int
    """The size of the data volume; 0 where no volume is made."""
    secrets: Mapping[str, str] = field(repr=False)
    """The keys of SECRETS."""


def folder_name(stack: str) -> str:
    """Return a stack's name as that of a folder, below .cache/operations."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", stack)


def from_json(text: str) -> StackOutputs:
    """Return the outputs that `text` holds. Raises OutputsError; never shows a value."""
    try:
        found = json.loads(text)
    except ValueError:
        raise OutputsError("the stack outputs are not JSON; run `pulumi up` first") from None
    return from_mapping(found if isinstance(found, dict) else {})


def from_mapping(found: Mapping[str, Any]) -> StackOutputs:
    """Return the outputs in `found`. Raises OutputsError, which names what is missing."""
    names = [entry.name for entry in fields(StackOutputs)]
    missing = [name for name in names if name not in found]
    if missing:
        raise OutputsError(
            f"the stack has no output {', '.join(missing)}; run `pulumi up` with this version"
        )
    secrets = found["secrets"]
    if not isinstance(secrets, dict) or sorted(secrets) != sorted(SECRETS):
        raise OutputsError(
            "the stack's secrets are masked or not those of this version; "
            "read them with `pulumi stack output --json --show-secrets`"
        )
    values = {name: found[name] for name in names}
    try:
        has_key = bool(secrets["alpha_vantage_key"])
        values["settings"] = checked(found["settings"], has_key=has_key)
    except ValueError as error:
        raise OutputsError(f"settings: {error}") from None
    for name in ("admin_cidrs", "powerbi_cidrs", "dashboard_cidrs"):
        values[name] = tuple(values[name])
    for name in ("ssh_port", "data_volume_gb"):
        values[name] = int(values[name])
    return StackOutputs(**values)
