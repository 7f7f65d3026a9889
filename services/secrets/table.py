"""Which secrets there are, and whose volume holds each: the one table that all the rest reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

GENERATED: Final[Mapping[str, tuple[str, ...]]] = {
    # a random password: the services whose volumes hold it
    "postgres_password": ("postgres", "migrate"),
    "market_owner_password": ("migrate",),
    "stream_writer_password": ("migrate", "stream"),
    "alerts_service_password": ("migrate", "alerts"),
    "dashboard_service_password": ("migrate", "dashboard"),
    "dashboard_reader_password": ("migrate", "readers"),
    "powerbi_reader_password": ("migrate", "readers"),
    "postgres_exporter_password": ("migrate", "postgres-exporter"),
    "dashboard_password": ("dashboard",),
    "spark_secret": ("stream", "spark"),
    "kafka_ui_password": ("kafka-ui",),
    "pgadmin_password": ("pgadmin",),
    "spark_pages_password": (),
    "backup_passphrase": ("postgres",),
}
OTHERS: Final[Mapping[str, tuple[str, ...]]] = {
    # what is made in another way
    "pgpass": ("postgres",),
    "spark_pages_login": ("spark-pages",),
    "ca.crt": ("migrate", "stream", "spark", "readers", "alerts", "dashboard", "pgadmin"),
    "powerbi_cidrs": ("postgres",),
}
SERVING: Final = ("postgres", "front")
"""They serve the certificate: ours, or in its place the one that was given."""
CALLED: Final[Mapping[tuple[str, str], str]] = {
    # what a service calls a secret otherwise
    ("kafka-ui", "kafka_ui_password"): "spring.security.user.password",
    ("spark-pages", "spark_pages_login"): "login",
}


def handed_out() -> list[tuple[str, str, str]]:
    """Return each secret, the service that gets it, and what the service calls it."""
    return [
        (name, service, CALLED.get((service, name), name))
        for name, services in {**GENERATED, **OTHERS}.items()
        for service in services
    ]
