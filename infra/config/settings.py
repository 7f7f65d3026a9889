"""The stack's configuration: what `pulumi config` holds in, one checked and frozen object out.

Everything is judged before anything is made. A wrong value raises `SettingError`, whose one line
names the key and the command that fixes it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.config import container_settings
from infra.config.addresses import WORLD_OPEN_WORDS, is_world_open
from infra.config.catalog import CATALOG, RENTED
from infra.config.reader import Reader, SettingError, remedy
from infra.machine import ssh_keys

OWN_CA: Final = "own-ca"
ACME: Final = "acme"
CERTIFICATES: Final = (OWN_CA, "given", ACME)
TAKE_OVER_WORDS: Final = "yes, for this alone"
ON_THIS_MACHINE_WORDS: Final = "on this machine only"

_DOMAIN: Final = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]+")
_AZURE_IMAGE: Final = re.compile(r"[^:]+:[^:]+:[^:]+:\d+\.\d+\.\d+")
_DATA_FOLDER: Final = "/var/lib/tapeline"
_TARGET: Final = re.compile(
    r"/\S*|sftp://[^\s/@:]+@[^\s/]+/\S*|s3://[^\s/?]+(/[^\s?]*)?\?(\S+&)?region=\S+"
    r"|gcs://[^\s/]+(/\S*)?|azure://[^\s/]+/\S+"
)
_KEYS_OF: Final = {
    "sftp": ("backupKey", "backupKnownHosts"), "s3": ("backupAccessKeyId", "backupKey"),
    "gcs": ("backupKey",), "azure": ("backupKey",),
}  # fmt: skip


@dataclass(frozen=True)
class ExistingHost:
    """Where a machine answers that Pulumi did not make."""

    address: str
    user: str
    port: int
    key: str
    volume_device: str
    take_over: bool


@dataclass(frozen=True)
class Settings:
    """A stack's configuration, checked. Secrets are not in it: they stay Pulumi's outputs."""

    cloud: str
    region: str
    size: str
    image: str
    ssh_public_key: str
    ssh_identity_file: str
    admin_cidrs: tuple[str, ...]
    powerbi_cidrs: tuple[str, ...]
    dashboard_cidrs: tuple[str, ...]
    domain: str
    certificate: str
    acme_email: str
    backup_target: str
    backup_known_hosts: str
    data_volume_gb: int
    local_ssh_port: int
    protect: bool
    keep_data: bool
    deploy: bool
    existing: ExistingHost
    containers: Mapping[str, str]
    """What the containers are told; the names are those of .env.example."""
    build_ca: str
    """Certificates that builds must trust, as PEM; nearly always empty."""


def parse(
    values: Mapping[str, str],
    secrets: Collection[str],
    containers: Mapping[str, Any] | None = None,
    build_ca: str = "",
) -> Settings:
    """Return the settings. Raises SettingError.

    `secrets` names the secret keys that are set, `containers` is the map `settings`, and
    `build_ca` is what the file `buildCaFile` holds.
    """
    reader = _Reader(values)
    cloud = reader.choice("cloud", tuple(CATALOG))
    offer = CATALOG[cloud]
    reader.refuse_what_means_nothing(cloud)
    rented = cloud in RENTED
    ipv4_only = rented or cloud == "local"
    target = reader.backup_target(secrets, is_machine=cloud != "local")
    return Settings(
        cloud=cloud,
        region=reader.name("region", offer.region),
        size=reader.name("size", offer.size),
        image=reader.image(cloud, offer.image),
        ssh_public_key=reader.ssh_public_key() if cloud != "existing" else "",
        ssh_identity_file=reader.text("sshIdentityFile"),
        admin_cidrs=reader.admin_cidrs(ipv4_only),
        powerbi_cidrs=reader.powerbi_cidrs(),
        dashboard_cidrs=reader.dashboard_cidrs(),
        domain=reader.domain(),
        certificate=reader.choice("certificate", CERTIFICATES),
        acme_email=reader.text("acmeEmail"),
        backup_target=target,
        backup_known_hosts=reader.text("backupKnownHosts"),
        data_volume_gb=reader.whole_number("dataVolumeGb", 10, 10_000),
        local_ssh_port=reader.whole_number("localSshPort", 1, 65_535),
        protect=reader.flag("protect"),
        keep_data=reader.flag("keepData"),
        deploy=reader.flag("deploy"),
        existing=reader.existing_host(required=cloud == "existing"),
        containers=_containers(containers or {}, has_key="alphaVantageKey" in secrets),
        build_ca=build_ca,
    )


def _containers(given: Mapping[str, Any], *, has_key: bool) -> Mapping[str, str]:
    try:
        return container_settings.checked(given, has_key=has_key)
    except ValueError as error:
        raise SettingError(
            f"settings: {error}; such as: pulumi config set --path settings.SYMBOLS AAPL,NVDA"
        ) from None


class _Reader(Reader):
    def image(self, cloud: str, default: str) -> str:
        value = self.name("image", default)
        if cloud == "azure" and not _AZURE_IMAGE.fullmatch(value):
            raise SettingError(
                f"image is {value!r}; on azure it must be publisher:offer:sku:version, such as: "
                f"pulumi config set image {default}"
            )
        return value

    def admin_cidrs(self, ipv4_only: bool) -> tuple[str, ...]:
        self.required("adminCidrs")
        cidrs = self.cidrs("adminCidrs", "the host has only an IPv4 address" if ipv4_only else "")
        if is_world_open(cidrs):
            raise SettingError(
                f"adminCidrs opens SSH to the world; name your own, {remedy('adminCidrs')}"
            )
        return cidrs

    def published_to(self, key: str, what: str, consent_key: str) -> tuple[str, ...]:
        cidrs = self.cidrs(key, f"{what} is published on IPv4 alone")
        if is_world_open(cidrs) and self.text(consent_key) != WORLD_OPEN_WORDS:
            raise SettingError(
                f"{key} opens {what} to the world; name the addresses that need it, "
                f"or say so: pulumi config set {consent_key} '{WORLD_OPEN_WORDS}'"
            )
        return cidrs

    def powerbi_cidrs(self) -> tuple[str, ...]:
        return self.published_to("powerBiCidrs", "PostgreSQL", "worldOpenPostgres")

    def dashboard_cidrs(self) -> tuple[str, ...]:
        cidrs = self.published_to("dashboardCidrs", "the dashboard", "worldOpenDashboard")
        if cidrs and not self.domain():
            raise SettingError(f"dashboardCidrs needs a domain to serve it at; {remedy('domain')}")
        return cidrs

    def domain(self) -> str:
        value = self.text("domain").lower()
        if value and not _DOMAIN.fullmatch(value):
            raise SettingError(f"domain is {value!r}, which is no host name; {remedy('domain')}")
        return value

    def ssh_public_key(self) -> str:
        try:
            return ssh_keys.public_key(self.required("sshPublicKey"))
        except ValueError as error:
            raise SettingError(f"sshPublicKey {error}; {remedy('sshPublicKey')}") from None

    def backup_target(self, secrets: Collection[str], *, is_machine: bool) -> str:
        """Return the place; empty is the data volume, which for a machine wants words of consent.

        With the volume of a machine its backups would be lost, too.
        """
        value = self.text("backupTarget")
        if value == ON_THIS_MACHINE_WORDS:
            return ""
        if is_machine and (not value or f"{value}/".startswith(f"{_DATA_FOLDER}/")):
            found = repr(value) if value else "not set"
            raise SettingError(
                f"backupTarget is {found}, so the loss of the machine would be that of its "
                f"backups; name a place away from it, {remedy('backupTarget')}, or say so: "
                f"pulumi config set backupTarget '{ON_THIS_MACHINE_WORDS}'"
            )
        if value and not _TARGET.fullmatch(value):
            raise SettingError(
                f"backupTarget is {value!r}; it must be sftp://user@host/path, "
                "s3://bucket/path?region=R, gcs://bucket/path, azure://account/container/path or "
                "a path of the host"
            )
        for key in _KEYS_OF.get(value.partition("://")[0], ()):
            if key not in secrets and not (key == "backupKnownHosts" and self.text(key)):
                raise SettingError(f"{key} is not set, and backupTarget needs it; {remedy(key)}")
        return value

    def existing_host(self, required: bool) -> ExistingHost:
        port = self.whole_number("hostPort", 1, 65_535)
        if not required:
            return ExistingHost("", "", port, "", "", take_over=False)
        try:
            key = ssh_keys.public_key(self.required("hostKey"))
        except ValueError as error:
            raise SettingError(f"hostKey {error}; {remedy('hostKey')}") from None
        address = self.required("hostAddress")
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.:-]*", address):
            raise SettingError(f"hostAddress is {address!r}; it must be an address or a name")
        user, volume = self.required("hostUser"), self.text("hostVolume")
        return ExistingHost(address, user, port, key, volume, self.take_over())

    def take_over(self) -> bool:
        value = self.text("takeOverHost")
        if value not in ("", TAKE_OVER_WORDS):
            raise SettingError(f"takeOverHost is {value!r}; {remedy('takeOverHost')}")
        return bool(value)
