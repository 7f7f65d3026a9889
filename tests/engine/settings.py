"""The settings of a cloud's stack, and another value for each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from infra.config.config_keys import SECRET_KEYS, SETTINGS_KEY
from tests.unit.infra.stacks import CANARY, PUBLIC_KEY

OTHER_KEY: Final = PUBLIC_KEY[:-1] + "z"

_BASE: Final[Mapping[str, str]] = {
    "adminCidrs": "203.0.113.7/32",
    "backupTarget": "on this machine only",
    "deploy": "true",
    "sshPublicKey": f"{PUBLIC_KEY} operator",
}
_OF_A_CLOUD: Final[Mapping[str, Mapping[str, str]]] = {
    "existing": {"hostAddress": "192.0.2.10", "hostKey": PUBLIC_KEY},
}

Values = Mapping[str, str | Mapping[str, str]]

OTHER: Final[Mapping[str, Values]] = {
    "region": {"region": "elsewhere"},
    "size": {"size": "odd-size"},
    "image": {"image": "debian-14"},
    "sshPublicKey": {"sshPublicKey": OTHER_KEY},
    "sshIdentityFile": {"sshIdentityFile": "~/.ssh/another"},
    "adminCidrs": {"adminCidrs": "203.0.113.8/32"},
    "powerBiCidrs": {"powerBiCidrs": "198.51.100.0/24"},
    "worldOpenPostgres": {"worldOpenPostgres": "yes, from anywhere"},
    "dashboardCidrs": {"dashboardCidrs": "198.51.100.0/24", "domain": "market.example.org"},
    "worldOpenDashboard": {"worldOpenDashboard": "yes, from anywhere"},
    "domain": {"domain": "market.example.org"},
    "certificate": {"certificate": "acme"},
    "acmeEmail": {"acmeEmail": "ann@example.org"},
    "backupTarget": {"backupTarget": "/mnt/backups"},
    "backupKnownHosts": {"backupKnownHosts": "nas.example.org ssh-ed25519 AAAA"},
    **{name: {name: f"other:{name}"} for name in SECRET_KEYS},
    SETTINGS_KEY: {SETTINGS_KEY: {"SYMBOLS": "NVDA"}},
    "buildCaFile": {"buildCaFile": "tests/engine/authority.pem"},
    "dataVolumeGb": {"dataVolumeGb": "80"},
    "protect": {"protect": "false"},
    "keepData": {"keepData": "false"},
    "deploy": {"deploy": "false"},
    "hostAddress": {"hostAddress": "192.0.2.11"},
    "hostUser": {"hostUser": "ann"},
    "hostPort": {"hostPort": "2200"},
    "hostKey": {"hostKey": OTHER_KEY},
    "hostVolume": {"hostVolume": "/dev/disk/by-id/odd"},
    "takeOverHost": {"takeOverHost": "yes, for this alone"},
    "localSshPort": {"localSshPort": "2300"},
}
"""For each setting what is set to change it; the secrets' other values are set beside them."""

_IMAGES: Final = {"azure": "Debian:debian-14:14-gen2:0.1.2"}


def settings_of(cloud: str) -> Mapping[str, str]:
    """Return what a person sets for a cloud, and the secrets' other values."""
    secrets = {name: f"{CANARY}-{name}" for name in SECRET_KEYS}
    others = {f"other:{name}": f"{CANARY}-other-{name}" for name in SECRET_KEYS}
    return {"cloud": cloud, **_BASE, **_OF_A_CLOUD.get(cloud, {}), **secrets, **others}


def other_of(cloud: str, setting: str) -> Values:
    """Return what changes the setting in a cloud's stack."""
    if setting == "image" and cloud in _IMAGES:
        return {"image": _IMAGES[cloud]}
    return OTHER[setting]
