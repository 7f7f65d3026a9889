"""The dashboard's settings: environment variables in, one checked and frozen object out."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.common.secret import Secret
from services.common.settings import Environment, SettingError

CHART_LIBRARY: Final = "lightweight-charts.standalone.production.mjs"
ACCOUNT: Final = "dashboard_service"
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class PostgresAddress:
    """Where the database is; the account is the dashboard's own, which may only read `bi`."""

    host: str
    port: int
    database: str
    password: Secret

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class Settings:
    """All that the dashboard can be told from outside."""

    host: str
    port: int
    host_names: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    password: Secret
    requests_a_minute: int
    viewers: int
    library_dir: Path
    producer_metrics_url: str
    postgres: PostgresAddress
    log_level: str
    log_style: str

    def secrets(self) -> tuple[Secret, ...]:
        """Return what must never be logged."""
        return self.password, self.postgres.password


def read_settings(env: Environment) -> Settings:
    """Return the checked settings. Raises SettingError."""
    return Settings(
        host=env.text("DASHBOARD_HOST", "127.0.0.1"),
        port=env.integer("DASHBOARD_PORT", 8050, 0, 65_535),
        host_names=env.words("DASHBOARD_HOST_NAMES", "localhost,127.0.0.1"),
        trusted_proxies=_networks(env.words("DASHBOARD_TRUSTED_PROXIES", "")),
        password=env.secret("DASHBOARD_PASSWORD", ""),
        requests_a_minute=env.integer("DASHBOARD_REQUESTS_A_MINUTE", 1200, 1, 1_000_000),
        viewers=env.integer("DASHBOARD_VIEWERS", 500, 1, 10_000),
        library_dir=_library_dir(env),
        producer_metrics_url=_metrics_url(env),
        postgres=PostgresAddress(
            host=env.text("POSTGRES_HOST", "127.0.0.1"),
            port=env.integer("POSTGRES_PORT", 5432, 1, 65_535),
            database=env.text("POSTGRES_DB", "market"),
            password=env.secret("DASHBOARD_SERVICE_PASSWORD"),
        ),
        log_level=env.choice("LOG_LEVEL", "INFO", _LEVELS),
        log_style=env.choice("LOG_STYLE", "text", ("text", "json")),
    )


def _networks(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return the networks of the proxies that are believed, each also as a socket for both kinds of
    addresses names it. A word such as * would let every viewer say who it is."""
    found = []
    for word in words:
        try:
            network = ipaddress.ip_network(word)
        except ValueError as error:
            raise SettingError(
                f"DASHBOARD_TRUSTED_PROXIES: {error}; name addresses or networks of proxies"
            ) from None
        if network.prefixlen == 0:
            raise SettingError(
                f"DASHBOARD_TRUSTED_PROXIES: {word} is everybody; name your proxies alone"
            )
        found.append(str(network))
        if isinstance(network, ipaddress.IPv4Network):
            found.append(f"::ffff:{network.network_address}/{96 + network.prefixlen}")
    return tuple(found)


def _library_dir(env: Environment) -> Path:
    directory = env.path("DASHBOARD_LIBRARY_DIR", ".cache/web/lightweight-charts")
    if not (directory / CHART_LIBRARY).is_file():
        raise SettingError(
            f"DASHBOARD_LIBRARY_DIR is {directory}, which holds no {CHART_LIBRARY}; "
            "run scripts/setup, which fetches it"
        )
    return directory


def _metrics_url(env: Environment) -> str:
    url = env.text("DASHBOARD_PRODUCER_METRICS_URL", "")
    if url and not url.startswith(("http://", "https://")):
        raise SettingError(
            f"DASHBOARD_PRODUCER_METRICS_URL is {url!r}; it must look like http://HOST:PORT/metrics"
        )
    return url
