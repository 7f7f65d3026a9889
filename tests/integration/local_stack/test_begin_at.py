"""New topics begin where a restored ledger ends."""

from __future__ import annotations

import logging
import subprocess
from pathlib import Path

from scripts.installation.java import Java
from scripts.launcher.paths import KAFKA_JARS, ROOT
from scripts.local_stack.servers import kafka_broker, kafka_client, processes
from scripts.local_stack.servers.ports import free_ports
from scripts.operations.backups import rebuild
from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.settings import Environment
from services.common.topics import ACTIONS, BARS
from services.stream import broker as client
from services.stream.sink.offset_ledger import OffsetRange
from services.topics.main import align
from services.topics.settings import read_settings
from tests.integration.local_stack.awaiting import SECONDS

PROGRAM = ROOT / "services" / "kafka" / "begin-at"
LEDGER = {
    **{(BARS.name, number): 1234 * number for number in range(BARS.partitions)},
    (ACTIONS.name, 0): 7_000_000_000,
}


def begin_at(segments: Path) -> subprocess.CompletedProcess[str]:
    lines = "".join(f"{topic} {number} {offset}\n" for (topic, number), offset in LEDGER.items())
    return subprocess.run(
        [str(PROGRAM), str(segments)], input=lines, capture_output=True, text=True, check=False
    )


def test_an_empty_topic_begins_where_it_is_told_and_a_filled_one_does_not(
    java: Java, tmp_path: Path
) -> None:
    broker = kafka_broker.Broker(java.program, KAFKA_JARS, tmp_path, tmp_path, *free_ports(2))
    segments, cluster = tmp_path / "segments", KafkaCluster((broker.bootstrap,))
    child = kafka_broker.start(broker)
    try:
        processes.wait_until(lambda: kafka_client.is_listening(broker.bootstrap), child, SECONDS)
        settings = read_settings(Environment({"KAFKA_BOOTSTRAP": broker.bootstrap}))
        align(settings, logging.getLogger("topics"), SECONDS)
        identifiers = {
            topic: found.topic_id
            for topic in (BARS.name, ACTIONS.name)
            if (found := client.topic_facts(cluster, topic)) is not None
        }
    finally:
        processes.stop([child], grace_seconds=20)
    told = begin_at(segments)
    assert (told.returncode, told.stderr) == (0, "")
    assert rebuild.identifiers(told.stdout) == identifiers
    # It may have to be asked again.
    assert begin_at(segments).stdout == told.stdout
    child = kafka_broker.start(broker)
    try:
        processes.wait_until(lambda: kafka_client.is_listening(broker.bootstrap), child, SECONDS)
        for topic, partitions in ((BARS.name, BARS.partitions), (ACTIONS.name, 1)):
            facts = client.topic_facts(cluster, topic)
            assert facts is not None
            assert facts.topic_id == identifiers[topic]
            assert facts.offsets == {
                number: OffsetRange(LEDGER[topic, number], LEDGER[topic, number])
                for number in range(partitions)
            }
        with client.producer(cluster) as producer:
            producer.send(BARS.name, b"v", b"k", partition=3).get(SECONDS)
        first = LEDGER[BARS.name, 3]
        [record] = client.read_records(cluster, BARS.name, 3, OffsetRange(first, first + 1))
        assert (record.offset, record.value) == (first, b"v")
    finally:
        processes.stop([child], grace_seconds=20)
    refused = begin_at(segments)
    assert refused.returncode == 1
    assert refused.stderr == f"begin-at: {BARS.name}, partition 3, is not empty, or not there\n"
