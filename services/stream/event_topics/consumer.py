"""Follows a topic of events beside the query of the bars.

In come the records that the producer sends, out go rows of the table of their kind, each record
once in effect. Faults of the environment are waited out; anything else stops the stream.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Final

import tenacity

from services.common.kafka_cluster.cluster import KafkaCluster
from services.stream.broker import BrokerError, TopicReader, topic_facts
from services.stream.event_topics.apply import Work, apply
from services.stream.event_topics.kind import EventKind, Publish
from services.stream.retry import waiting_out
from services.stream.sink.batch import InstanceConnection
from services.stream.sink.offset_ledger import Move
from services.stream.spark.starting_offsets import starting_offsets

READ_SECONDS: Final = 0.5
_ABSENT_SECONDS: Final = 5.0


@dataclass
class EventConsumer:
    """Follows `topic`, as a rule that of its kind. `run` lasts until `stopping` is set; `on_move`
    is told of each move of the ledger, `on_retry` of each fault that is waited out."""

    cluster: KafkaCluster
    kind: EventKind
    topic: str
    connection: InstanceConnection
    publish: Publish
    accept_lost: bool
    stopping: Event
    on_move: Callable[[Move], None]
    on_retry: Callable[[str], None]
    log: logging.Logger

    def run(self) -> None:
        """Work until told to stop. Raises DatabaseError of an unknown fault, LedgerMismatchError,
        OffsetGapError."""
        patient = waiting_out(self.stopping, self._alarm)
        try:
            while not self.stopping.is_set():
                patient(self.follow)
        except tenacity.RetryError:
            self.log.debug("asked to stop while %s were waiting", self.kind.title)
        finally:
            self.connection.close()

    def follow(self) -> None:
        """Apply what comes until told to stop, or until the topic does not exist."""
        facts = topic_facts(self.cluster, self.topic)
        if facts is None:
            self.log.warning(
                "topic %s does not exist; `python -m services.topics.main` creates it",
                self.topic,
            )
            self.stopping.wait(_ABSENT_SECONDS)
            return
        known, topic_id = self.connection.session().read_ledger(self.topic)
        starts = starting_offsets(facts, known, topic_id, self.accept_lost)
        reader = TopicReader(self.cluster, self.topic, starts)
        try:
            self._apply_all(
                reader,
                Work(self.kind, self.topic, facts.topic_id, self.publish, self.accept_lost),
            )
        finally:
            with suppress(BrokerError):
                reader.close()

    def _apply_all(self, reader: TopicReader, work: Work) -> None:
        while not self.stopping.is_set():
            batch = reader.read(READ_SECONDS)
            if not batch.ranges:
                continue
            for move in apply(self.connection.session(), work, batch):
                self.on_move(move)
                self.log.info(
                    "%s: %d records, %d stored, %d superseded, %d rejected",
                    self.kind.title,
                    move.until - move.start,
                    move.stored,
                    move.superseded,
                    move.rejected,
                )

    def _alarm(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.on_retry(str(getattr(error, "sqlstate", None) or type(error).__name__))
        self.log.error("%s wait, nothing is lost: %s", self.kind.title, error)
