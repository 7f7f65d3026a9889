"""Every key of `pulumi config`: its kind, default and meaning.

scripts/generate writes them into Pulumi.yaml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from infra.config.catalog import RENTED


@dataclass(frozen=True)
class Key:
    """One key of the configuration, as Pulumi.yaml declares it."""

    type: str
    default: str | int | bool
    description: str
    example: str = ""
    secret: bool = False
    """To be set with --secret. Pulumi.yaml cannot say so beside a default, so the program does."""

    clouds: tuple[str, ...] = ()
    """Where it means something; empty: everywhere."""

    @property
    def default_text(self) -> str:
        """Return the default as `pulumi config` would hold it."""
        return str(self.default).lower() if isinstance(self.default, bool) else str(self.default)


KEYS: Final[Mapping[str, Key]] = {
    "cloud": Key(
        "string",
        "",
        "Where the host is: aws, azure, gcp, hcloud, digitalocean, existing (a machine you have)"
        " or local (a container on this machine).",
        "hcloud",
    ),
    "region": Key("string", "", "The cloud's region; empty: one in Europe.", "nbg1", clouds=RENTED),
    "size": Key(
        "string",
        "",
        "The cloud's name of the VM's size; empty: about 8 GiB.",
        "cx33",
        clouds=RENTED,
    ),
    "image": Key(
        "string", "", "The cloud's name of the image; empty: Debian 13.", "debian-13", clouds=RENTED
    ),
    "sshPublicKey": Key(
        "string",
        "",
        "The public key of the person who operates the host, one line.",
        '"$(cat ~/.ssh/id_ed25519.pub)"',
    ),
    "sshIdentityFile": Key(
        "string",
        "",
        "The private key's file on the machine that runs Pulumi; empty: ssh and its agent choose.",
        "~/.ssh/id_ed25519",
    ),
    "adminCidrs": Key(
        "string",
        "",
        "Who may reach SSH: address ranges with commas between them; never the world.",
        "203.0.113.7/32",
    ),
    "powerBiCidrs": Key(
        "string",
        "",
        "Who may reach PostgreSQL: IPv4 ranges with commas between them; empty: nobody outside.",
        "198.51.100.0/24",
    ),
    "worldOpenPostgres": Key(
        "string",
        "",
        "The words without which powerBiCidrs must not hold the world: yes, from anywhere.",
        "'yes, from anywhere'",
    ),
    "dashboardCidrs": Key(
        "string",
        "",
        "Who may reach the dashboard at https://DOMAIN: address ranges with commas between them;"
        " empty: nobody outside.",
        "198.51.100.0/24",
    ),
    "worldOpenDashboard": Key(
        "string",
        "",
        "The words without which dashboardCidrs must not hold the world: yes, from anywhere.",
        "'yes, from anywhere'",
    ),
    "domain": Key(
        "string",
        "",
        "The name that people type for PostgreSQL and the dashboard; it must lead to the host's"
        " address.",
        "market.example.org",
    ),
    "certificate": Key(
        "string",
        "own-ca",
        "PostgreSQL's and the dashboard's certificate: own-ca, given, or acme (which opens port"
        " 80).",
        "own-ca",
    ),
    "acmeEmail": Key(
        "string", "", "Where the certificate authority may write to.", "you@example.org"
    ),
    "backupTarget": Key(
        "string",
        "",
        "Where backups go, away from the machine: sftp://user@host/path,"
        " s3://bucket/path?region=R, gcs://bucket/path, azure://account/container/path, or a path"
        " of the host that leads to another disk. The words without which they must not stay on"
        " the data volume: on this machine only.",
        "sftp://ann@nas.example.org/tapeline",
    ),
    "backupAccessKeyId": Key("string", "", "The name of the key of an s3:// target.", "", True),
    "backupKey": Key(
        "string",
        "",
        "The key of the target: a private SSH key (sftp), the secret access key (s3), a service"
        " account's JSON (gcs), the account's key (azure).",
        "",
        True,
    ),
    "backupKnownHosts": Key(
        "string",
        "",
        "The line of known_hosts that tells the machine of an sftp:// target.",
        "'nas.example.org ssh-ed25519 AAAA...'",
    ),
    "alphaVantageKey": Key(
        "string", "", "Your Alpha Vantage key; empty: the simulated market runs.", "", True
    ),
    "buildCaFile": Key(
        "string",
        "",
        "A file on this machine with certificates that builds must trust, where your network has an"
        " authority of its own.",
        "company-ca.pem",
    ),
    "dataVolumeGb": Key("integer", 40, "The size of the data volume in GB.", "40", clouds=RENTED),
    "protect": Key("boolean", True, "Refuse to remove or replace the VM and its address.", "false"),
    "keepData": Key(
        "boolean", True, "Refuse to remove the data volume, and keep it if all else goes.", "false"
    ),
    "deploy": Key("boolean", False, "Let `pulumi up` also deploy the pipeline.", "true"),
    "hostAddress": Key(
        "string", "", "existing: the machine's address or name.", "192.0.2.10", clouds=("existing",)
    ),
    "hostUser": Key(
        "string", "tapeline", "existing: the user, with sudo.", "tapeline", clouds=("existing",)
    ),
    "hostPort": Key("integer", 22, "existing: the port of SSH.", "22", clouds=("existing",)),
    "hostKey": Key(
        "string",
        "",
        "existing: the machine's public host key, /etc/ssh/ssh_host_ed25519_key.pub there.",
        "'ssh-ed25519 AAAA...'",
        clouds=("existing",),
    ),
    "hostVolume": Key(
        "string",
        "",
        "existing: the disk for the data, a path below /dev/disk; empty: the root disk.",
        "/dev/disk/by-id/...",
        clouds=("existing",),
    ),
    "takeOverHost": Key(
        "string",
        "",
        "existing: the words without which a machine in use is left alone: yes, for this alone.",
        "'yes, for this alone'",
        clouds=("existing",),
    ),
    "localSshPort": Key(
        "integer", 2222, "local: the port of SSH on 127.0.0.1.", "2222", clouds=("local",)
    ),
}

SETTINGS_KEY: Final = "settings"
"""The one key that holds a map, of names of .env.example; Pulumi.yaml cannot declare it, for older
Pulumi knows no maps there."""

SECRET_KEYS: Final = tuple(name for name, key in KEYS.items() if key.secret)
