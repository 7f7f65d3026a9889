"""The dashboard's settings: environment variables in, one checked and frozen object out."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.common.secret import Secret
from services.common.settings import (
    Environment,
    Folder,
    Integer,
    SecretText,
    SettingError,
    Shape,
    Text,
    Words,
)
from services.common.shared_settings import (
    DASHBOARD_SERVICE_PASSWORD,
    LOG_LEVEL,
    LOG_STYLE,
    POSTGRES_DB,
    POSTGRES_HOST,
    POSTGRES_PORT,
    PostgresAddress,
)

CHART_LIBRARY: Final = "lightweight-charts.standalone.production.mjs"
ACCOUNT: Final = "dashboard_service"

DASHBOARD_HOST: Final = Text("DASHBOARD_HOST", "Where the dashboard listens.", "127.0.0.1")
DASHBOARD_PORT: Final = Integer(
    "DASHBOARD_PORT", "Its port; 0 takes any free one (it is logged).", 8050, 0, 65_535
)
DASHBOARD_HOST_NAMES: Final = Words(
    "DASHBOARD_HOST_NAMES",
    "The names under which browsers may ask for it, `*` for any: add yours where it is reached by "
    "one.",
    "localhost,127.0.0.1",
    Shape(r"[^\s,]+", "host names with commas between them", each=True),
)
DASHBOARD_PASSWORD: Final = SecretText(
    "DASHBOARD_PASSWORD",
    "Asked for by HTTP Basic, with any user name; empty asks for none. In containers it is the "
    "file secrets/dashboard/password.",
    "",
)
DASHBOARD_REQUESTS_A_MINUTE: Final = Integer(
    "DASHBOARD_REQUESTS_A_MINUTE", "The most requests of one address.", 1200, 1, 1_000_000
)
DASHBOARD_VIEWERS: Final = Integer(
    "DASHBOARD_VIEWERS", "The most live streams at once.", 500, 1, 10_000
)
DASHBOARD_TRUSTED_PROXIES: Final = Words(
    "DASHBOARD_TRUSTED_PROXIES",
    "Addresses or networks of proxies whose X-Forwarded-For says who asks.",
    "",
    Shape(r"[0-9a-fA-F.:/]+", "addresses or networks", each=True),
)
DASHBOARD_LIBRARY_DIR: Final = Folder(
    "DASHBOARD_LIBRARY_DIR",
    "The folder with lightweight-charts, which scripts/setup fills.",
    ".cache/web/lightweight-charts",
)
DASHBOARD_PRODUCER_METRICS_URL: Final = Text(
    "DASHBOARD_PRODUCER_METRICS_URL",
    "The producer's metrics, such as http://127.0.0.1:9401/metrics, for the calls of today and the "
    "page of the pipeline.",
    "",
)
DASHBOARD_STREAM_METRICS_URL: Final = Text(
    "DASHBOARD_STREAM_METRICS_URL",
    "The stream's metrics, such as http://127.0.0.1:9402/metrics, for the page of the pipeline.",
    "",
)
DASHBOARD_PROMETHEUS_URL: Final = Text(
    "DASHBOARD_PROMETHEUS_URL",
    "Prometheus, such as http://127.0.0.1:9090, for that page: its history outlives the "
    "dashboard's, and its alerts are shown. While it does not answer, or without it, the page "
    "shows what the dashboard has read of the services.",
    "",
)


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
    stream_metrics_url: str
    prometheus_url: str
    postgres: PostgresAddress
    log_level: str
    log_style: str

    @property
    def metrics_urls(self) -> tuple[str, ...]:
        """Return the addresses of the services' metrics that are known."""
        return tuple(url for url in (self.producer_metrics_url, self.stream_metrics_url) if url)

    def secrets(self) -> tuple[Secret, ...]:
        """Return what must never be logged."""
        return self.password, self.postgres.password


def read_settings(env: Environment) -> Settings:
    """Return the checked settings. Raises SettingError."""
    return Settings(
        host=DASHBOARD_HOST.read(env),
        port=DASHBOARD_PORT.read(env),
        host_names=DASHBOARD_HOST_NAMES.read(env),
        trusted_proxies=_networks(DASHBOARD_TRUSTED_PROXIES.read(env)),
        password=DASHBOARD_PASSWORD.read(env),
        requests_a_minute=DASHBOARD_REQUESTS_A_MINUTE.read(env),
        viewers=DASHBOARD_VIEWERS.read(env),
        library_dir=_library_dir(env),
        producer_metrics_url=_url(env, DASHBOARD_PRODUCER_METRICS_URL, "http://HOST:PORT/metrics"),
        stream_metrics_url=_url(env, DASHBOARD_STREAM_METRICS_URL, "http://HOST:PORT/metrics"),
        prometheus_url=_url(env, DASHBOARD_PROMETHEUS_URL, "http://HOST:PORT"),
        postgres=PostgresAddress(
            host=POSTGRES_HOST.read(env),
            port=POSTGRES_PORT.read(env),
            database=POSTGRES_DB.read(env),
            password=DASHBOARD_SERVICE_PASSWORD.read(env),
        ),
        log_level=LOG_LEVEL.read(env),
        log_style=LOG_STYLE.read(env),
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
    directory = DASHBOARD_LIBRARY_DIR.read(env)
    if not (directory / CHART_LIBRARY).is_file():
        raise SettingError(
            f"DASHBOARD_LIBRARY_DIR is {directory}, which holds no {CHART_LIBRARY}; "
            "run scripts/setup, which fetches it"
        )
    return directory


def _url(env: Environment, setting: Text, form: str) -> str:
    url = setting.read(env)
    if url and not url.startswith(("http://", "https://")):
        raise SettingError(f"{setting.name} is {url!r}; it must look like {form}")
    return url
