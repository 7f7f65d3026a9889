"""The settings of the topics service."""

from __future__ import annotations

import pytest

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.settings import Environment, SettingError
from services.topics.settings import Settings, read_settings


def test_defaults() -> None:
    assert read_settings(Environment({})) == Settings(
        kafka=KafkaCluster(("127.0.0.1:9092",)),
        replication_factor=0,
        min_insync_replicas=0,
        topic_settings="align",
        log_level="INFO",
        log_style="text",
    )


def test_every_setting() -> None:
    variables = {
        "KAFKA_BOOTSTRAP": "a:1, b:2",
        "KAFKA_REPLICATION_FACTOR": "3",
        "KAFKA_MIN_INSYNC_REPLICAS": "2",
        "KAFKA_TOPIC_SETTINGS": "keep",
        "LOG_LEVEL": "DEBUG",
        "LOG_STYLE": "json",
    }
    assert read_settings(Environment(variables)) == Settings(
        kafka=KafkaCluster(("a:1", "b:2")),
        replication_factor=3,
        min_insync_replicas=2,
        topic_settings="keep",
        log_level="DEBUG",
        log_style="json",
    )


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        pytest.param(
            {"LOG_STYLE": "xml"},
            "LOG_STYLE is 'xml'; it must be one of text, json",
            id="style",
        ),
        pytest.param(
            {"KAFKA_REPLICATION_FACTOR": "2", "KAFKA_MIN_INSYNC_REPLICAS": "3"},
            "KAFKA_MIN_INSYNC_REPLICAS is 3 and KAFKA_REPLICATION_FACTOR 2: no record could ever "
            "be written; set it to that or less",
            id="more in sync than there are",
        ),
    ],
)
def test_a_wrong_value_names_its_variable(variables: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError) as caught:
        read_settings(Environment(variables))
    assert str(caught.value) == message
