"""Environment variables go in, one frozen settings object comes out."""

from __future__ import annotations

from dataclasses import dataclass

from services.common.settings import Environment

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
LOG_STYLES = ("text", "json")


@dataclass(frozen=True)
class Settings:
    """Where the broker is, how long to wait for it, and how to log."""

    kafka_bootstrap: tuple[str, ...]
    wait_seconds: float
    log_level: str
    log_style: str


def read_settings(env: Environment) -> Settings:
    """Return the checked settings. Raises SettingError."""
    return Settings(
        kafka_bootstrap=env.words("KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
        wait_seconds=env.number("KAFKA_WAIT_SECONDS", 120.0, 1.0, 3600.0),
        log_level=env.choice("LOG_LEVEL", "INFO", LOG_LEVELS),
        log_style=env.choice("LOG_STYLE", "text", LOG_STYLES),
    )
