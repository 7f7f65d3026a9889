"""The stream's settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.secret import Secret
from services.common.settings import SettingError
from services.stream.settings import PostgresAddress, Settings, read_settings


@pytest.fixture
def jars(tmp_path: Path) -> Path:
    (tmp_path / "spark-sql-kafka-0-10_2.13-4.2.0.jar").touch()
    return tmp_path


@pytest.fixture
def read(jars: Path) -> Callable[..., Settings]:
    def read(**variables: str) -> Settings:
        return read_settings(
            {"CONNECTOR_JARS_DIR": str(jars), "POSTGRES_PASSWORD": "pw", **variables}
        )

    return read


def defaults(jars: Path) -> Settings:
    return Settings(
        kafka=KafkaCluster(("127.0.0.1:9092",)),
        postgres=PostgresAddress("127.0.0.1", 5432, "market", "stream_writer", Secret("pw")),
        spark_master="local[*]",
        driver_memory="1g",
        spark_ui=False,
        connector_jars_dir=jars,
        class_archive=None,
        java_options="",
        checkpoint_dir="./data/checkpoint",
        trigger_seconds=0.0,
        max_offsets_per_trigger=500_000,
        driver_rows=20_000,
        straight_rows=1_000,
        accept_lost_offsets=False,
        reject_alarm_ratio=0.5,
        indicators=True,
        heartbeat_file=None,
        metrics_host="127.0.0.1",
        metrics_port=None,
        log_level="INFO",
        log_style="text",
        fail_at="",
    )


def test_defaults(read: Callable[..., Settings], jars: Path) -> None:
    assert read() == defaults(jars)


def test_every_setting(read: Callable[..., Settings], jars: Path) -> None:
    variables = {
        "KAFKA_BOOTSTRAP": "kafka:9092",
        "POSTGRES_HOST": "db",
        "POSTGRES_PORT": "6543",
        "POSTGRES_DB": "m",
        "POSTGRES_USER": "w",
        "SPARK_MASTER": "spark://master:7077",
        "SPARK_DRIVER_MEMORY": "2g",
        "SPARK_UI": "true",
        "SPARK_CLASS_ARCHIVE": "/data/classes.jsa",
        "SPARK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1",
        "CHECKPOINT_DIR": "s3a://bucket/checkpoint",
        "TRIGGER_SECONDS": "1.5",
        "MAX_OFFSETS_PER_TRIGGER": "7",
        "DRIVER_ROWS": "0",
        "STRAIGHT_ROWS": "1",
        "ACCEPT_LOST_OFFSETS": "true",
        "REJECT_ALARM_RATIO": "0.1",
        "INDICATORS": "false",
        "HEARTBEAT_FILE": "/run/beat",
        "METRICS_HOST": "0.0.0.0",  # noqa: S104 - a value, nothing listens
        "METRICS_PORT": "0",
        "LOG_LEVEL": "DEBUG",
        "LOG_STYLE": "json",
    }
    assert read(**variables) == Settings(
        kafka=KafkaCluster(("kafka:9092",)),
        postgres=PostgresAddress("db", 6543, "m", "w", Secret("pw")),
        spark_master="spark://master:7077",
        driver_memory="2g",
        spark_ui=True,
        connector_jars_dir=jars,
        class_archive=Path("/data/classes.jsa"),
        java_options="-XX:TieredStopAtLevel=1",
        checkpoint_dir="s3a://bucket/checkpoint",
        trigger_seconds=1.5,
        max_offsets_per_trigger=7,
        driver_rows=0,
        straight_rows=1,
        accept_lost_offsets=True,
        reject_alarm_ratio=0.1,
        indicators=False,
        heartbeat_file=Path("/run/beat"),
        metrics_host="0.0.0.0",  # noqa: S104 - a value, nothing listens
        metrics_port=0,
        log_level="DEBUG",
        log_style="json",
        fail_at="",
    )


def test_the_password_may_be_a_file_and_is_never_shown(
    read: Callable[..., Settings], jars: Path, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("from-file\n", encoding="utf-8")

    settings = read(POSTGRES_PASSWORD="", POSTGRES_PASSWORD_FILE=str(file))

    expected = defaults(jars)
    address = replace(expected.postgres, password=Secret("from-file"))
    assert settings == replace(expected, postgres=address)
    assert "from-file" not in repr(settings)
    assert str(settings.postgres) == "127.0.0.1:5432/market"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("POSTGRES_PASSWORD", "", "POSTGRES_PASSWORD is not set, and there is no default for it"),
        (
            "CONNECTOR_JARS_DIR",
            "/nowhere",
            "CONNECTOR_JARS_DIR is /nowhere, which holds no spark-sql-kafka jar; "
            "run scripts/setup, which fetches it",
        ),
        (
            "POSTGRES_PORT",
            "0",
            "POSTGRES_PORT is '0'; it must be a whole number from 1 to 65535",
        ),
        (
            "TRIGGER_SECONDS",
            "-1",
            "TRIGGER_SECONDS is '-1'; it must be a number from 0.0 to 3600.0",
        ),
        (
            "ACCEPT_LOST_OFFSETS",
            "yes",
            "ACCEPT_LOST_OFFSETS is 'yes'; it must be one of true, false",
        ),
        ("LOG_STYLE", "xml", "LOG_STYLE is 'xml'; it must be one of text, json"),
    ],
)
def test_a_wrong_value_names_its_variable(
    name: str, value: str, message: str, read: Callable[..., Settings]
) -> None:
    with pytest.raises(SettingError) as caught:
        read(**{name: value})
    assert str(caught.value) == message
