"""The configuration of a new stack as far as it is known: answers in, checked settings out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from infra.config.catalog import CATALOG, RENTED
from infra.config.settings import ON_THIS_MACHINE_WORDS, Settings, parse

OPTIONS: Final[Mapping[str, str]] = {
    "cloud": "--cloud",
    "region": "--region",
    "size": "--size",
    "sshPublicKey": "--ssh-public-key",
    "sshIdentityFile": "--ssh-identity-file",
    "adminCidrs": "--admin-cidrs",
    "backupTarget": "--backup-target",
    "hostAddress": "--host-address",
    "hostUser": "--host-user",
    "hostKey": "--host-key",
    "alphaVantageKey": "--key-file",
    "settings.ALPHA_VANTAGE_PLAN": "--plan",
    "settings.SYMBOLS": "--symbols",
    "settings.INTERVALS": "--intervals",
}
"""The keys of `pulumi config` that are asked for, and the option that gives each."""


@dataclass
class NewStack:
    """A stack's configuration as far as it is known, by the keys of `pulumi config`."""

    values: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def settings(self) -> Settings:
        """All of it, checked. Raises SettingError."""
        return parsed(self.values, self.secrets)

    def lines(self) -> list[str]:
        """Return what will be made, for a person to look at."""
        settings = self.settings
        offer = CATALOG[settings.cloud]
        where = " ".join(filter(None, (settings.cloud, settings.region, settings.size)))
        is_usual = (settings.region, settings.size) == (offer.region, offer.size)
        costs = f"about {offer.a_month} a month" if is_usual else "see your cloud's page of prices"
        data = "your key of Alpha Vantage" if self.secrets else "the simulated market"
        told = [f"{name} {value}" for name, value in settings.containers.items()]
        return [
            f"host     {where}",
            f"costs    {costs if settings.cloud in RENTED else 'nothing'}",
            f"SSH      from {', '.join(settings.admin_cidrs)}",
            f"backups  {settings.backup_target or ON_THIS_MACHINE_WORDS}",
            f"data     {', '.join([data, *told])}",
        ]


def by_options(error: str) -> str:
    """Return an error of a setting with the option in the place of `pulumi config set`."""
    return re.sub(
        r"pulumi config set (?:--(?:secret|path) )*(\S+)",
        lambda found: OPTIONS.get(found[1], found[0]),
        error,
    )


def parsed(values: Mapping[str, str], secrets: Mapping[str, str]) -> Settings:
    """Return the checked settings. Raises SettingError."""
    plain = {key: value for key, value in values.items() if not key.startswith("settings.")}
    containers = {
        key.removeprefix("settings."): value for key, value in values.items() if key not in plain
    }
    return parse(plain, secrets, containers)
