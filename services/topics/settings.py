"""Environment variables go in, one frozen settings object comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.common.settings import Environment, Number
from services.common.shared_settings import KAFKA_BOOTSTRAP, LOG_LEVEL, LOG_STYLE

KAFKA_WAIT_SECONDS: Final = Number(
    "KAFKA_WAIT_SECONDS", "How long the broker is waited for.", 120.0, 1.0, 3600.0, internal=True
)


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
        kafka_bootstrap=KAFKA_BOOTSTRAP.read(env),
        wait_seconds=KAFKA_WAIT_SECONDS.read(env),
        log_level=LOG_LEVEL.read(env),
        log_style=LOG_STYLE.read(env),
    )
