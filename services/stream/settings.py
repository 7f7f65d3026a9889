"""The stream's settings, read once at the start from environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.settings import read_cluster
from services.common.secret import Secret
from services.common.settings import (
    Environment,
    File,
    Flag,
    Folder,
    Integer,
    Number,
    SecretText,
    SettingError,
    Shape,
    Text,
)
from services.common.shared_settings import (
    HEARTBEAT_FILE,
    LOG_LEVEL,
    LOG_STYLE,
    METRICS_HOST,
    METRICS_PORT,
    POSTGRES_DB,
    POSTGRES_HOST,
    POSTGRES_PORT,
    read_fail_point,
)

POSTGRES_USER: Final = Text("POSTGRES_USER", "The stream's role.", "stream_writer")
POSTGRES_PASSWORD: Final = SecretText("POSTGRES_PASSWORD", "The password of that role.")
SPARK_MASTER: Final = Text(
    "SPARK_MASTER",
    "Where Spark's executors are: local[N] for this process, or spark://HOST:PORT.",
    "local[*]",
    Shape(r"local(\[(\*|\d+)(,\d+)?\])?|spark://[^\s/]+", "local[N] or spark://HOST:PORT"),
)
SPARK_DRIVER_MEMORY: Final = Text(
    "SPARK_DRIVER_MEMORY",
    "The heap of the stream's Java.",
    "1g",
    Shape(r"[1-9]\d{0,5}[kmg]", "an amount of memory such as 512m or 2g"),
)
SPARK_UI: Final = Flag(
    "SPARK_UI",
    "true: Spark's page of the job, on port 4040; it shows everything and has no password.",
)
CONNECTOR_JARS_DIR: Final = Folder(
    "CONNECTOR_JARS_DIR",
    "The folder with Spark's Kafka connector, which scripts/setup fills.",
    ".cache/jars/connector",
)
SPARK_CLASS_ARCHIVE: Final = File(
    "SPARK_CLASS_ARCHIVE",
    "An archive of Java classes that halves the time that Spark takes to start; scripts/setup "
    "makes one.",
)
SPARK_JAVA_OPTIONS: Final = Text(
    "SPARK_JAVA_OPTIONS",
    "More options for Java. With -XX:TieredStopAtLevel=1 it starts with a third less CPU time, "
    "and needs less for few bars; a backlog takes longer.",
    "",
)
CHECKPOINT_DIR: Final = Text(
    "CHECKPOINT_DIR",
    "Where Spark keeps its checkpoint, on any file system that Spark knows.",
    "./data/checkpoint",
)
TRIGGER_SECONDS: Final = Number(
    "TRIGGER_SECONDS",
    "The least time between two batches; 0: a batch begins when the one before is done.",
    0.0,
    0.0,
    3600.0,
)
MAX_OFFSETS_PER_TRIGGER: Final = Integer(
    "MAX_OFFSETS_PER_TRIGGER",
    "The most records a batch may hold, also after an outage.",
    500_000,
    1,
    10_000_000,
)
DRIVER_ROWS: Final = Integer(
    "DRIVER_ROWS",
    "Batches up to this size go through the driver, larger ones through the executors.",
    20_000,
    0,
    100_000,
    internal=True,
)
STRAIGHT_ROWS: Final = Integer(
    "STRAIGHT_ROWS",
    "So many bars of a batch, or more, and a hundredth of that of each series, are copied straight "
    "into the table if none of them is stored yet; to ask for fewer would cost more than it saves.",
    1_000,
    1,
    10_000_000,
    internal=True,
)
ACCEPT_LOST_OFFSETS: Final = Flag(
    "ACCEPT_LOST_OFFSETS",
    "true, for one start: go on although Kafka has lost records; they are counted as lost.",
)
REJECT_ALARM_RATIO: Final = Number(
    "REJECT_ALARM_RATIO",
    "The share of rejected records in a batch that raises an alarm in the log.",
    0.5,
    0.0,
    1.0,
)
INDICATORS: Final = Flag(
    "INDICATORS",
    "false: the stream leaves bi.bar_indicators as it is; set to true again, it catches up.",
    True,
)


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

    kafka: KafkaCluster
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

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Return what no log may show."""
        return (self.postgres.password, self.kafka.password)


def read_settings(variables: Mapping[str, str]) -> Settings:
    """Return the settings that `variables` hold. Raises SettingError."""
    env = Environment(variables)
    metrics_port = METRICS_PORT.read(env)
    return Settings(
        kafka=read_cluster(env),
        postgres=PostgresAddress(
            host=POSTGRES_HOST.read(env),
            port=POSTGRES_PORT.read(env),
            database=POSTGRES_DB.read(env),
            user=POSTGRES_USER.read(env),
            password=POSTGRES_PASSWORD.read(env),
        ),
        spark_master=SPARK_MASTER.read(env),
        driver_memory=SPARK_DRIVER_MEMORY.read(env),
        spark_ui=SPARK_UI.read(env),
        connector_jars_dir=_jars_dir(env),
        class_archive=SPARK_CLASS_ARCHIVE.read(env),
        java_options=SPARK_JAVA_OPTIONS.read(env),
        checkpoint_dir=CHECKPOINT_DIR.read(env),
        trigger_seconds=TRIGGER_SECONDS.read(env),
        max_offsets_per_trigger=MAX_OFFSETS_PER_TRIGGER.read(env),
        driver_rows=DRIVER_ROWS.read(env),
        straight_rows=STRAIGHT_ROWS.read(env),
        accept_lost_offsets=ACCEPT_LOST_OFFSETS.read(env),
        reject_alarm_ratio=REJECT_ALARM_RATIO.read(env),
        indicators=INDICATORS.read(env),
        heartbeat_file=HEARTBEAT_FILE.read(env),
        metrics_host=METRICS_HOST.read(env),
        metrics_port=None if metrics_port < 0 else metrics_port,
        log_level=LOG_LEVEL.read(env),
        log_style=LOG_STYLE.read(env),
        fail_at=read_fail_point(env),
    )


def _jars_dir(env: Environment) -> Path:
    directory = CONNECTOR_JARS_DIR.read(env)
    if not any(directory.glob("spark-sql-kafka-*.jar")):
        raise SettingError(
            f"CONNECTOR_JARS_DIR is {directory}, which holds no spark-sql-kafka jar; "
            "run scripts/setup, which fetches it"
        )
    return directory
