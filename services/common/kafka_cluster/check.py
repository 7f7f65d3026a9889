"""Tells whether settings fit their Kafka: `python -m services.common.kafka_cluster.check`.

Out: one line, and exit code 0, 1 (no broker can be reached) or 2 (a setting is wrong).
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.diagnosis import LOOK_SECONDS, require_sound
from services.common.kafka_cluster.settings import read_cluster
from services.common.settings import Environment, SettingError


def check(variables: Mapping[str, str]) -> tuple[int, str]:
    """Return the exit code and the line."""
    try:
        cluster = read_cluster(Environment(variables))
        require_sound(cluster)
    except SettingError as error:
        return 2, str(error)
    if not any(_is_reached(address) for address in cluster.brokers):
        return 1, _away(cluster)
    return 0, f"Kafka at {cluster} takes this connection"


def _is_reached(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), LOOK_SECONDS).close()
    except OSError:
        return False
    return True


def _away(cluster: KafkaCluster) -> str:
    return (
        f"no broker can be reached at {cluster}; correct KAFKA_BOOTSTRAP, and in containers set "
        "INGEST_INTERNAL=false for a Kafka elsewhere"
    )


if __name__ == "__main__":
    code, line = check(os.environ)
    print(line)  # noqa: T201 - what it is for
    sys.exit(code)
