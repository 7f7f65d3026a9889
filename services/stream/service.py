"""The stream as a whole: takes the database's lock, starts Spark, runs the query and what goes
beside it until it is stopped.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Event

import tenacity
from pyspark.sql import SparkSession

from services.common import advisory_locks, topics
from services.common.kafka_cluster.diagnosis import require_sound
from services.common.process.heartbeat import Heartbeat
from services.common.process.last_stop import LastStop
from services.common.process.metrics_port import open_port
from services.stream.actions.merge import ACTIONS
from services.stream.background_thread import BackgroundThread
from services.stream.broker import BrokerError, TopicFacts, topic_facts
from services.stream.error_advice import summary, verdict
from services.stream.event_topics.consumer import EventConsumer
from services.stream.event_topics.kind import EventKind
from services.stream.indicators.worker import IndicatorWorker
from services.stream.metrics import Metrics
from services.stream.query import Job, QueryFailedError
from services.stream.quotes.merge import QUOTES
from services.stream.retry import SecondInstanceError, StoppedError, waiting_out
from services.stream.settings import Settings
from services.stream.sink import postgres
from services.stream.sink.batch import InstanceConnection, Sink
from services.stream.sink.dispatch import Writer
from services.stream.sink.rejected_topic import RejectedTopic
from services.stream.sink.transaction import Work
from services.stream.spark import checkpoint, runtime
from services.stream.spark.starting_offsets import starting_offsets
from services.stream.spark.warm_up import warm_up
from services.stream.sqlstate import DatabaseError, Fault

_LOCK_SECONDS = 10
_RESTART_SECONDS = 5.0
_KINDS = (ACTIONS, QUOTES)
"""Events that are followed beside the bars."""


@dataclass
class Stream:
    """The service as a whole; `run` lasts until `stopping` is set."""

    settings: Settings
    stopping: Event
    log: logging.Logger
    last_stop: LastStop

    def __post_init__(self) -> None:
        self.metrics = Metrics(self.settings.trigger_seconds)
        self.metrics.stopped(self.last_stop.read())
        self._has_worked = False
        self.connection = InstanceConnection(
            connect=lambda: postgres.connect(self.settings.postgres, "tapeline stream"),
            lock=advisory_locks.LOCK_STREAM,
        )
        cluster = self.settings.kafka
        self.rejected = RejectedTopic(cluster, topics.BARS.name)
        self.rejected_events = {
            kind: RejectedTopic(cluster, kind.topic.name, kind.rejected) for kind in _KINDS
        }
        self.metrics.follows(kind.title for kind in _KINDS)

    def run(self) -> None:
        """Run the query, again and again while Kafka comes and goes.

        Raises the errors that need a person.
        """
        if self.settings.metrics_port is not None:
            open_port(
                self.metrics.serve, self.settings.metrics_host, self.settings.metrics_port, self.log
            )
        self._take_lock()
        require_sound(self.settings.kafka)  # told before Spark starts
        session = runtime.start_session(self.settings, "tapeline stream")
        self.log.info("Spark %s runs on %s", session.version, self.settings.spark_master)
        self.metrics.progressed()
        try:
            warm_up(session)
            self.metrics.progressed()
            rounds = self._rounds(session)
            beside = (
                BackgroundThread(rounds.run, "indicators", self.stopping),
                *(
                    BackgroundThread(self._consumer(kind).run, kind.title, self.stopping)
                    for kind in _KINDS
                ),
            )
            while not self.stopping.is_set():
                self._run_query(session, rounds)
            for thread in beside:
                thread.finish()
        finally:
            self.rejected.close()
            for topic in self.rejected_events.values():
                topic.close()
            self.connection.close()
            session.stop()

    def _run_query(self, session: SparkSession, rounds: IndicatorWorker) -> None:
        facts = self._await_topic()
        if facts is None:
            return
        ledger, topic_id = self.connection.session().read_ledger(topics.BARS.name)
        starting = starting_offsets(facts, ledger, topic_id, self.settings.accept_lost_offsets)
        heartbeat = self.settings.heartbeat_file
        job = Job(
            session=session,
            settings=self.settings,
            sink=self._sink(facts),
            metrics=self.metrics,
            heartbeat=Heartbeat(heartbeat) if heartbeat else None,
            stopping=self.stopping,
            log=self.log,
            clock_seconds=time.time,
            around_large_batch=rounds.deferred,
            works=self.works,
        )
        self.log.info("reading %s from %s", topics.BARS.name, self._origin(session, starting))
        try:
            job.run(starting)
        except QueryFailedError as error:
            if isinstance(error.__cause__, StoppedError):
                return
            judged = verdict(str(error))
            if not judged.passes:
                raise
            self.log.error("%s (%s)", judged.advice, summary(str(error)))  # noqa: TRY400
            self.stopping.wait(_RESTART_SECONDS)

    def works(self) -> None:
        """Take note that Spark reports: why the run before ended is forgotten.

        Once: what another instance on the same checkpoint keeps later is its own to tell.
        """
        if not self._has_worked:
            self._has_worked = True
            self.last_stop.forget()
            self.metrics.stopped("")

    def _sink(self, facts: TopicFacts) -> Sink:
        return Sink(
            connection=self.connection,
            writer=Writer(
                address=self.settings.postgres,
                cluster=self.settings.kafka,
                publish=self.rejected.publish,
                driver_rows=self.settings.driver_rows,
            ),
            work=Work(
                topic=topics.BARS.name,
                topic_id=facts.topic_id,
                accept_lost=self.settings.accept_lost_offsets,
                straight_rows=self.settings.straight_rows,
            ),
            stopping=self.stopping,
            on_retry=self.metrics.retried,
            log=self.log,
        )

    def _rounds(self, session: SparkSession) -> IndicatorWorker:
        return IndicatorWorker(
            session=session,
            address=self.settings.postgres,
            connection=InstanceConnection(
                connect=lambda: postgres.connect(self.settings.postgres, "tapeline indicators"),
                lock=advisory_locks.LOCK_INDICATORS,
            ),
            wanted=self.settings.indicators,
            stopping=self.stopping,
            on_round=self.metrics.derived,
            log=self.log,
        )

    def _consumer(self, kind: EventKind) -> EventConsumer:
        return EventConsumer(
            cluster=self.settings.kafka,
            kind=kind,
            topic=kind.topic.name,
            connection=InstanceConnection(
                connect=lambda: postgres.connect(self.settings.postgres, f"tapeline {kind.title}"),
                lock=kind.lock,
            ),
            publish=self.rejected_events[kind].publish,
            accept_lost=self.settings.accept_lost_offsets,
            stopping=self.stopping,
            on_move=partial(self.metrics.moved, kind.title),
            on_retry=self.metrics.retried,
            log=self.log,
        )

    def _origin(self, session: SparkSession, starting: dict[int, int]) -> str:
        base = self.settings.checkpoint_dir
        begun = checkpoint.has_begun(
            read=lambda name: runtime.read_text(session, f"{base}/{name}"),
            names=lambda name: runtime.list_names(session, f"{base}/{name}"),
            topic=topics.BARS.name,
        )
        if begun:
            return "the checkpoint"
        return f"offsets {starting}, as the ledger says" if any(starting.values()) else "the start"

    def _take_lock(self) -> None:
        patient = waiting_out(self.stopping, self._waiting, _database_away)
        # The server may need a moment to notice that a killed predecessor is gone.
        short = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(SecondInstanceError),
            wait=tenacity.wait_fixed(1),
            stop=tenacity.stop_after_delay(_LOCK_SECONDS)
            | tenacity.stop_when_event_set(self.stopping),
            sleep=tenacity.sleep_using_event(self.stopping),
            reraise=True,
        )
        # Asked to stop while waiting: the caller looks at `stopping` next.
        with suppress(tenacity.RetryError):
            short(lambda: patient(self.connection.session))

    def _await_topic(self) -> TopicFacts | None:
        while not self.stopping.is_set():
            try:
                facts = topic_facts(self.settings.kafka, topics.BARS.name)
            except BrokerError as error:
                self.log.warning("waiting for Kafka: %s", error)
            else:
                if facts is not None:
                    return facts
                self.log.warning(
                    "topic %s does not exist; `python -m services.topics.main` creates it",
                    topics.BARS.name,
                )
            self.stopping.wait(_RESTART_SECONDS)
        return None

    def _waiting(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        self.log.warning("waiting for PostgreSQL at %s: %s", self.settings.postgres, error)


def _database_away(error: BaseException) -> bool:
    return isinstance(error, DatabaseError) and error.fault is Fault.ENVIRONMENT
