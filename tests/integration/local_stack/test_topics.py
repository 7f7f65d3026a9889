"""The service topics: topics are created, kept, and brought in line."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from scripts.installation.java import Java
from scripts.launcher.paths import KAFKA_JARS, ROOT
from scripts.local_stack.servers import (
    kafka_broker,
    kafka_client,
    processes,
)
from scripts.local_stack.servers.ports import HOST, free_ports
from services.common.settings import Environment
from services.common.topics import ALL, BARS
from services.topics.main import align
from services.topics.settings import read_settings
from tests.integration.local_stack.awaiting import SECONDS, await_


@pytest.fixture(autouse=True)
def quiet_kafka() -> None:
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def test_no_topic_appears_by_accident(kafka: str) -> None:
    with KafkaAdminClient(bootstrap_servers=kafka) as admin:
        admin.describe_topics(["unheard-of"])
        assert "unheard-of" not in admin.list_topics()


def test_topics_are_created_kept_and_brought_in_line(java: Java, tmp_path: Path) -> None:
    ports = free_ports(2)
    broker = kafka_broker.Broker(java.program, KAFKA_JARS, tmp_path, tmp_path, *ports)
    settings = read_settings(Environment({"KAFKA_BOOTSTRAP": broker.bootstrap}))
    log = logging.getLogger("topics")
    child = kafka_broker.start(broker)
    try:
        processes.wait_until(lambda: kafka_client.is_listening(broker.bootstrap), child, SECONDS)
        align(settings, log, SECONDS)
        align(settings, log, SECONDS)
        with KafkaAdminClient(bootstrap_servers=broker.bootstrap) as admin:
            described = admin.describe_topics([topic.name for topic in ALL])
            assert {t["name"]: len(t["partitions"]) for t in described} == {
                topic.name: topic.partitions for topic in ALL
            }
            resource = ConfigResource(ConfigResourceType.TOPIC, BARS.name)
            changed = {"retention.ms": "1000", "min.insync.replicas": "1"}
            admin.alter_configs(
                [ConfigResource(ConfigResourceType.TOPIC, BARS.name, dict(changed))]
            )

            def shown() -> dict[str, str]:
                answer = admin.describe_configs([resource], config_filter="all")["topic"]
                return {name: found["value"] for name, found in answer[BARS.name].items()}

            await_(lambda: changed.items() <= shown().items())
            align(settings, log, SECONDS)
            config = shown()
            assert {name: config[name] for name in BARS.config} == dict(BARS.config)
            assert config["min.insync.replicas"] == "1"
            admin.create_partitions({BARS.name: 8})
            await_(lambda: len(admin.describe_topics([BARS.name])[0]["partitions"]) == 8)
        done = _run(broker.bootstrap)
        assert done.returncode == 1
        assert re.search(rf" ERROR .*{BARS.name}.* 8 .*6", done.stdout.splitlines()[-1])
    finally:
        processes.stop([child], grace_seconds=20)


def test_topics_says_that_no_broker_answers() -> None:
    (port,) = free_ports(1)
    done = _run(f"{HOST}:{port}", "--wait-seconds", "1")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1].endswith(
        f"ERROR   topics no Kafka broker answered at {HOST}:{port} within 1 s; "
        "start it, or correct KAFKA_BOOTSTRAP"
    )


def _run(bootstrap: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.topics.main", *arguments],
        env={**os.environ, "KAFKA_BOOTSTRAP": bootstrap},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
