"""Replays a topic of events: all that Kafka holds of them, through the same merge.

The stream goes on meanwhile, and the ledger stays. Events that the table holds already, or holds
newer, are left as they are.
"""

from __future__ import annotations

import logging
from contextlib import closing, suppress

from services.common.kafka_cluster.cluster import KafkaCluster
from services.stream.broker import BrokerError, TopicReader, topic_facts
from services.stream.event_topics.apply import merge_again
from services.stream.event_topics.kind import EventKind
from services.stream.sink.offset_ledger import Tally
from services.stream.sink.postgres import Session

_READ_SECONDS = 1.0


class _UndoneError(Exception):
    """Takes a dry run's transaction back."""


def replay(
    kind: EventKind, cluster: KafkaCluster, session: Session, log: logging.Logger, *, dry_run: bool
) -> None:
    """Merge every event again in one transaction. Raises BrokerError, DatabaseError."""
    facts = topic_facts(cluster, kind.topic.name)
    if facts is None:
        raise BrokerError(f"topic {kind.topic.name} does not exist on {cluster}")
    starts = {number: offsets.start for number, offsets in facts.offsets.items()}
    ends = {number: offsets.until for number, offsets in facts.offsets.items()}
    tally = Tally()
    with (
        suppress(_UndoneError),
        closing(TopicReader(cluster, kind.topic.name, starts)) as reader,
        session.transaction(),
    ):
        while any(reached < ends[number] for number, reached in starts.items()):
            batch = reader.read(_READ_SECONDS)
            starts |= {number: offsets.until for number, offsets in batch.ranges.items()}
            tally += merge_again(session, kind, batch.records)
        if dry_run:
            raise _UndoneError
    log.info(
        "%s, %d %s: %d new, %d changed, %d equal or superseded, %d refused before",
        "dry run, nothing written" if dry_run else "done",
        tally.good + tally.bad,
        kind.title,
        tally.added,
        tally.changed,
        tally.good - tally.stored,
        tally.bad,
    )
