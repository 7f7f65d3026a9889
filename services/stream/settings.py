"""The stream's settings, read once at the start from environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from services.common import fail_points
from services.common.secret import Secret
from services.common.settings import Environment, SettingError

STRAIGHT_ROWS = 1_000
"""To ask whether fewer rows than these are known would cost more than it saves."""


@dataclass(frozen=True)
class PostgresAddress:
    """Where the database is and who writes to it."""

    host: str
    port: int
    database: str
    user: str
    password: Secret

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database}"


@dataclass(frozen=True)
class Settings:
    """Everything the job and the replay can be told from outside."""

    kafka_bootstrap: str
    postgres: PostgresAddress
    spark_master: str
    driver_memory: str
    spark_ui: bool
    connector_jars_dir: Path
    class_archive: Path | None
    java_options: str
    checkpoint_dir: str
    trigger_seconds: float
    max_offsets_per_trigger: int
    driver_rows: int
    straight_rows: int
    accept_lost_offsets: bool
    reject_alarm_ratio: float
    indicators: bool
    heartbeat_file: Path | None
    metrics_host: str
    metrics_port: int | None
    log_level: str
    log_style: str
    fail_at: str


def read_settings(variables: Mapping[str, str]) -> Settings:
    """Return the settings that `variables` hold. Raises SettingError."""
    env = Environment(variables)
    heartbeat = env.text("HEARTBEAT_FILE", "")
    archive = env.text("SPARK_CLASS_ARCHIVE", "")
    metrics_port = env.integer("METRICS_PORT", -1, -1, 65535)
    return Settings(
        kafka_bootstrap=env.text("KAFKA_BOOTSTRAP", "127.0.0.1:9092"),
        postgres=PostgresAddress(
            host=env.text("POSTGRES_HOST", "127.0.0.1"),
            port=env.integer("POSTGRES_PORT", 5432, 1, 65535),
            database=env.text("POSTGRES_DB", "market"),
            user=env.text("POSTGRES_USER", "stream_writer"),
            password=env.secret("POSTGRES_PASSWORD"),
        ),
        spark_master=env.text("SPARK_MASTER", "local[*]"),
        driver_memory=env.text("SPARK_DRIVER_MEMORY", "1g"),
        spark_ui=env.flag("SPARK_UI", default=False),
        connector_jars_dir=_jars_dir(env),
        class_archive=Path(archive) if archive else None,
        java_options=env.text("SPARK_JAVA_OPTIONS", ""),
        checkpoint_dir=env.text("CHECKPOINT_DIR", "./data/checkpoint"),
        trigger_seconds=env.number("TRIGGER_SECONDS", 0.0, 0.0, 3600.0),
        max_offsets_per_trigger=env.integer("MAX_OFFSETS_PER_TRIGGER", 500_000, 1, 10_000_000),
        driver_rows=env.integer("DRIVER_ROWS", 20_000, 0, 100_000),
        straight_rows=env.integer("STRAIGHT_ROWS", STRAIGHT_ROWS, 1, 10_000_000),
        accept_lost_offsets=env.flag("ACCEPT_LOST_OFFSETS", default=False),
        reject_alarm_ratio=env.number("REJECT_ALARM_RATIO", 0.5, 0.0, 1.0),
        indicators=env.flag("INDICATORS", default=True),
        heartbeat_file=Path(heartbeat) if heartbeat else None,
        metrics_host=env.text("METRICS_HOST", "127.0.0.1"),
        metrics_port=None if metrics_port < 0 else metrics_port,
        log_level=env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        log_style=env.choice("LOG_STYLE", "text", ("text", "json")),
        fail_at=fail_points.checked(env.text("FAIL_AT", "")),
    )


def _jars_dir(env: Environment) -> Path:
    directory = env.path("CONNECTOR_JARS_DIR", ".cache/jars/connector")
    if not any(directory.glob("spark-sql-kafka-*.jar")):
        raise SettingError(
            f"CONNECTOR_JARS_DIR is {directory}, which holds no spark-sql-kafka jar; "
            "run scripts/setup, which fetches it"
        )
    return directory
