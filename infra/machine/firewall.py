"""What may come in: the settings in, the declared openings out; each cloud renders the same ones.

Nothing that is not listed here reaches the host from outside.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from infra.config.settings import ACME, Settings

SSH_PORT: Final = 22
POSTGRES_PORT: Final = 5432
HTTP_PORT: Final = 80
HTTPS_PORT: Final = 443
ANYWHERE: Final = "0.0.0.0/0"


@dataclass(frozen=True)
class Opening:
    """One TCP port and the IPv4 ranges that may reach it."""

    name: str
    port: int
    sources: tuple[str, ...]
    why: str


def openings(settings: Settings) -> tuple[Opening, ...]:
    """Return everything that may come in from outside."""
    found = [Opening("ssh", SSH_PORT, settings.admin_cidrs, "the operators")]
    if settings.powerbi_cidrs:
        why = "Power BI, and whoever else may read"
        found.append(Opening("postgres", POSTGRES_PORT, settings.powerbi_cidrs, why))
    if settings.certificate == ACME:
        # The authority calls from addresses that it does not tell. There certbot answers while it
        # renews or, where it runs, the dashboard's front, which also sends people to 443.
        found.append(Opening("http", HTTP_PORT, (ANYWHERE,), "the certificate authority's check"))
    if settings.dashboard_cidrs:
        why = "the dashboard, with TLS and a password"
        found.append(Opening("https", HTTPS_PORT, settings.dashboard_cidrs, why))
    return tuple(found)
