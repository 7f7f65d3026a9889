"""Environment variables go in, one frozen settings object comes out."""

from __future__ import annotations

from dataclasses import dataclass

from services.common.settings import Environment
from services.common.shared_settings import KAFKA_BOOTSTRAP, LOG_LEVEL, LOG_STYLE


@dataclass(frozen=True)
class Settings:
    """Where the broker is, and how to log."""

    kafka_bootstrap: tuple[str, ...]
    log_level: str
    log_style: str


def read_settings(env: Environment) -> Settings:
    """Return the checked settings. Raises SettingError."""
    return Settings(
        kafka_bootstrap=KAFKA_BOOTSTRAP.read(env),
        log_level=LOG_LEVEL.read(env),
        log_style=LOG_STYLE.read(env),
    )
