"""Prints each record of the topic of bars: partition, offset, value. Runs in the stream's pod."""

from __future__ import annotations

import base64
import os

from services.common import topics
from services.common.kafka_cluster.cluster import KafkaCluster
from services.stream.broker import read_records, topic_facts

kafka = KafkaCluster((os.environ["KAFKA_BOOTSTRAP"],))
facts = topic_facts(kafka, topics.BARS.name)
assert facts is not None, "the topic is gone"
for partition, offsets in facts.offsets.items():
    for record in read_records(kafka, topics.BARS.name, partition, offsets):
        print(partition, record.offset, base64.b64encode(record.value or b"").decode())  # noqa: T201 - its answer
