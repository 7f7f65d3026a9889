"""Environment variables go in, one frozen settings object comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.settings import read_cluster
from services.common.settings import Choice, Environment, Integer, SettingError
from services.common.shared_settings import LOG_LEVEL, LOG_STYLE

ALIGN, KEEP = "align", "keep"


KAFKA_REPLICATION_FACTOR: Final = Integer(
    "KAFKA_REPLICATION_FACTOR",
    "The copies of a topic that is created; 0: as many as the cluster makes by itself.",
    0,
    0,
    100,
)
KAFKA_MIN_INSYNC_REPLICAS: Final = Integer(
    "KAFKA_MIN_INSYNC_REPLICAS",
    "How many copies must have a record before it counts as written; 0: as the cluster has it.",
    0,
    0,
    100,
)
KAFKA_TOPIC_SETTINGS: Final = Choice(
    "KAFKA_TOPIC_SETTINGS",
    "align: bring the configuration of topics that exist in line. keep: leave it, and log what "
    "differs, for clusters whose topics somebody else looks after.",
    ALIGN,
    (ALIGN, KEEP),
)


@dataclass(frozen=True)
class Settings:
    """Where the brokers are, how safely topics are kept, and how to log."""

    kafka: KafkaCluster
    replication_factor: int
    min_insync_replicas: int
    topic_settings: str
    log_level: str
    log_style: str


def read_settings(env: Environment) -> Settings:
    """Return the checked settings. Raises SettingError."""
    replicas, in_sync = KAFKA_REPLICATION_FACTOR.read(env), KAFKA_MIN_INSYNC_REPLICAS.read(env)
    if 0 < replicas < in_sync:
        raise SettingError(
            f"KAFKA_MIN_INSYNC_REPLICAS is {in_sync} and KAFKA_REPLICATION_FACTOR {replicas}: no "
            "record could ever be written; set it to that or less"
        )
    return Settings(
        kafka=read_cluster(env),
        replication_factor=replicas,
        min_insync_replicas=in_sync,
        topic_settings=KAFKA_TOPIC_SETTINGS.read(env),
        log_level=LOG_LEVEL.read(env),
        log_style=LOG_STYLE.read(env),
    )
