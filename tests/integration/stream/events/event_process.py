"""Runs the consumer of a kind of event, as the stream does, until it is ended or dies."""

from __future__ import annotations

import json
import logging
import os

from services.common import fail_points
from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.process.stopping import stop_on_signals
from services.common.secret import Secret
from services.common.topics import Topic
from services.stream.actions.merge import ACTIONS
from services.stream.event_topics.consumer import EventConsumer
from services.stream.quotes.merge import QUOTES
from services.stream.settings import PostgresAddress
from services.stream.sink import postgres
from services.stream.sink.batch import InstanceConnection
from services.stream.sink.rejected_topic import RejectedTopic

KINDS = {kind.title: kind for kind in (ACTIONS, QUOTES)}


def main() -> None:
    """Take what to do from EVENTS_TEST, a JSON object."""
    given = json.loads(os.environ["EVENTS_TEST"])
    kind, log = KINDS[given["kind"]], logging.getLogger("events")
    logging.basicConfig(level=logging.WARNING)
    fail_points.arm(given["fail_at"], log)
    address = PostgresAddress(**{**given["address"], "password": Secret(given["password"])})
    cluster = KafkaCluster((given["bootstrap"],))
    rejected = RejectedTopic(cluster, given["topic"], Topic(given["rejected"], 1))
    EventConsumer(
        cluster=cluster,
        kind=kind,
        topic=given["topic"],
        connection=InstanceConnection(lambda: postgres.connect(address, "test events"), kind.lock),
        publish=rejected.publish,
        accept_lost=False,
        stopping=stop_on_signals(),
        on_move=lambda _: None,
        on_retry=lambda _: None,
        log=log,
    ).run()
    rejected.close()


if __name__ == "__main__":
    main()
