"""The settings of the alerts: environment variables in, one checked and frozen object out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.common.settings import Environment, File, Number, SettingError
from services.common.shared_settings import (
    ALERTS_SERVICE_PASSWORD,
    HEARTBEAT_FILE,
    LOG_LEVEL,
    LOG_STYLE,
    METRICS_HOST,
    METRICS_PORT,
    POSTGRES_DB,
    POSTGRES_HOST,
    POSTGRES_PORT,
    PostgresAddress,
    read_fail_point,
)

ACCOUNT: Final = "alerts_service"

ALERTS_FILE: Final = File(
    "ALERTS_FILE",
    "The YAML file of rules and receivers. It is read again when it changes; one that is wrong is "
    "told in the log and changes nothing.",
)
ALERTS_GIVE_UP_HOURS: Final = Number(
    "ALERTS_GIVE_UP_HOURS",
    "A message that no try has delivered for so long is given up.",
    72.0,
    0.001,
    8760.0,
)
ALERTS_TIMEOUT_SECONDS: Final = Number(
    "ALERTS_TIMEOUT_SECONDS", "A receiver must have answered within this time.", 15.0, 0.1, 300.0
)


@dataclass(frozen=True)
class Settings:
    """All that the alerts can be told from outside."""

    file: Path
    give_up_hours: float
    timeout_seconds: float
    postgres: PostgresAddress
    heartbeat_file: Path | None
    metrics_host: str
    metrics_port: int | None
    log_level: str
    log_style: str
    fail_at: str


def read_settings(variables: Mapping[str, str]) -> Settings:
    """Return the checked settings. Raises SettingError."""
    env = Environment(variables)
    file = ALERTS_FILE.read(env)
    if file is None:
        raise SettingError("ALERTS_FILE is not set; name the YAML file of rules and receivers")
    port = METRICS_PORT.read(env)
    return Settings(
        file=file,
        give_up_hours=ALERTS_GIVE_UP_HOURS.read(env),
        timeout_seconds=ALERTS_TIMEOUT_SECONDS.read(env),
        postgres=PostgresAddress(
            host=POSTGRES_HOST.read(env),
            port=POSTGRES_PORT.read(env),
            database=POSTGRES_DB.read(env),
            password=ALERTS_SERVICE_PASSWORD.read(env),
        ),
        heartbeat_file=HEARTBEAT_FILE.read(env),
        metrics_host=METRICS_HOST.read(env),
        metrics_port=None if port < 0 else port,
        log_level=LOG_LEVEL.read(env),
        log_style=LOG_STYLE.read(env),
        fail_at=read_fail_point(env),
    )
