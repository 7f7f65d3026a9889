"""Writes records to Kafka and says of each what became of it.

In: records in the order in which they must stand. Out: one delivery a record, after Kafka has
answered for all of them. A broker that is away is waited for; after any failure, and after any
refusal by the broker, the client is replaced, because kafka-python's idempotent producer fails
everything that follows with the error that it met.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from tenacity import Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from services.common.fail_points import reach
from services.common.kafka_cluster.cluster import KafkaCluster
from services.producer.publishing.delivery import Delivery, Record
from services.producer.publishing.kafka_client import (
    CLOCK_ERROR,
    REFUSALS,
    Client,
    ClientError,
    close_client,
    denied_topics,
    error_of,
    refused_by_broker,
)

_LOOK_SECONDS: Final = 0.25
_SLOW_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 1.0
"""A broker that fails at once what it is sent is not asked more often than this."""


class _UnavailableError(Exception):
    """Kafka or its topic is not there; the message says which, and what to do."""


class KafkaWriter:
    """Delivers records to one topic; `connector` makes a client."""

    def __init__(
        self,
        topic: str,
        cluster: KafkaCluster,
        connector: Callable[[], Client],
        log: logging.Logger,
        overdue_seconds: float,
    ) -> None:
        """After `overdue_seconds` without an answer the client is taken for broken: kafka-python
        has left records without one for ever when a broker failed while it wrote them."""
        self._topic = topic
        self._cluster = cluster
        self._connector = connector
        self._log = log
        self._overdue_seconds = overdue_seconds
        self._client: Client | None = None
        self._complaint = ""
        self._denied: set[str] = set()
        self._together = True

    def deliver(self, records: Sequence[Record], abandon: threading.Event) -> list[Delivery]:
        """Return one delivery for each record, in order.

        Waits for a client as long as it takes, and raises KafkaSetupError if settings keep it from
        one; when `abandon` is set, or an answer is overdue, what has no answer yet is FAILED.
        """
        self._denied.clear()
        client = self._await_client(abandon)
        if client is None:
            return [Delivery.FAILED] * len(records)
        futures = self._send(client, records, abandon)
        reach("producer.all_sent")
        sent_at = time.monotonic()
        different = {id(each): each for each in futures}  # records may share one
        results = {at: self._result(each, abandon, sent_at) for at, each in different.items()}
        deliveries = [results[id(future)] for future in futures]
        if any(map(refused_by_broker, different.values())):
            self.close()
            deliveries = [
                Delivery.FAILED if refused_by_broker(future) else end
                for future, end in zip(futures, deliveries, strict=True)
            ]
            if not self._together:
                deliveries = self._judge_anew(records, deliveries, abandon)
            # A batch may be too large for this broker: from now on each record has its own future.
            self._together = False
        elif Delivery.FAILED in deliveries:
            self._complain(self._failure(different.values()))
            self.close()
            abandon.wait(_RETRY_SECONDS)
        elif self._complaint:
            self._complaint = ""
            self._log.info("Kafka at %s takes bars again", self._cluster)
        return deliveries

    def _judge_anew(
        self,
        records: Sequence[Record],
        deliveries: Sequence[Delivery],
        abandon: threading.Event,
    ) -> list[Delivery]:
        """Send what was not acknowledged one by one, up to the record that is refused by itself.

        The error of one record had reached the futures of others, of every partition; which one
        the broker meant shows only when each is sent alone. What comes after it is FAILED.
        """
        judged = list(deliveries)
        client = self._await_client(abandon)
        for place, record in enumerate(records):
            if client is None or judged[place] is not Delivery.FAILED:
                continue
            [future] = self._send(client, [record], abandon)
            judged[place] = self._result(future, abandon, time.monotonic())
            if judged[place] is Delivery.ACKNOWLEDGED:
                continue
            self.close()
            if judged[place] is Delivery.REFUSED:
                self._log.error(
                    "Kafka at %s refuses a record of %d bytes (%s); if that is too large for it, "
                    "raise max.message.bytes of the topic %s to 1048576",
                    self._cluster,
                    len(record.key) + len(record.value),
                    type(error_of(future)).__name__,
                    self._topic,
                )
            else:
                self._complain(self._failure([future]))
                abandon.wait(_RETRY_SECONDS)
            break
        return judged

    def _failure(self, futures: Iterable[Any]) -> str:
        """Return what went wrong, as a clause that "bars wait and nothing is lost" follows."""
        errors = [error for future in futures if (error := error_of(future)) is not None]
        denied = self._denied.union(*map(denied_topics, errors))
        if denied:
            return self._lacking(denied)
        names = {type(error).__name__ for error in errors}
        if CLOCK_ERROR in names:
            return (
                f"Kafka at {self._cluster} refuses the time of the records: the clock of this host "
                "is ahead of Kafka's by more than an hour (message.timestamp.after.max.ms); set "
                "the clocks right"
            )
        why = f" ({', '.join(sorted(names))})" if names else ""
        return f"Kafka at {self._cluster} did not take all bars{why}; they are sent again"

    def close(self) -> None:
        """Let go of the client; the next delivery makes a new one."""
        client, self._client = self._client, None
        if client is not None:
            client.abort()  # every record that is still open here counts as FAILED already
            close_client(client)

    def _await_client(self, abandon: threading.Event) -> Client | None:
        if self._client is None:
            for attempt in Retrying(
                retry=retry_if_exception_type(_UnavailableError),
                wait=wait_random_exponential(multiplier=0.25, max=5),
                sleep=sleep_using_event(abandon),
                stop=stop_when_event_set(abandon),
                retry_error_callback=lambda _: None,
            ):
                with attempt:
                    self._client = self._connect()
                if abandon.is_set():
                    return self._client
        return self._client

    def _connect(self) -> Client:
        try:
            client = self._connector()
        except ClientError as error:
            raise self._unavailable(
                f"Kafka does not answer at {self._cluster} ({type(error).__name__}); check "
                "KAFKA_BOOTSTRAP and that Kafka runs"
            ) from None
        try:
            client.partitions_for(self._topic)
        except ClientError as error:
            client.abort()
            close_client(client)
            if denied := denied_topics(error):
                raise self._unavailable(self._lacking(denied)) from None
            raise self._unavailable(
                f"Kafka answers at {self._cluster} but has no topic {self._topic} for this client "
                f"({type(error).__name__}); run `python -m services.topics.main`"
            ) from None
        return client

    def _lacking(self, topics: Collection[str]) -> str:
        return self._cluster.lacking("Write", f"the topic {', '.join(sorted(topics))}")

    def _unavailable(self, complaint: str) -> _UnavailableError:
        self._complain(complaint)
        return _UnavailableError(complaint)

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            self._complaint = complaint
            self._log.warning("%s; bars wait and nothing is lost", complaint)

    def _send(
        self, client: Client, records: Sequence[Record], abandon: threading.Event
    ) -> list[Any]:
        """Return the future of each record, or its delivery if that is known."""
        ends: list[Any] = [Delivery.FAILED] * len(records)
        by_topic = defaultdict[str, list[int]](list)
        for place, record in enumerate(records):
            by_topic[record.topic or self._topic].append(place)
        for topic, places in by_topic.items():
            if abandon.is_set():
                break
            pairs = [(records[place].key, records[place].value) for place in places]
            try:
                futures = client.send_all(topic, pairs, self._together)
            except (ClientError, ValueError) as error:  # ValueError: a topic lost its partitions
                self._denied |= denied_topics(error)
                continue
            for place, future in zip(places, futures, strict=True):
                ends[place] = Delivery.REFUSED if isinstance(future, REFUSALS) else future
                reach("producer.record_sent")
        return ends

    def _result(self, future: Any, abandon: threading.Event, sent_at: float) -> Delivery:
        if isinstance(future, Delivery):
            return future
        while not future.is_done and not abandon.is_set():
            with suppress(ClientError):  # a failure is judged below, a time-out looks again
                future.get(timeout=_LOOK_SECONDS)
            waited_seconds = time.monotonic() - sent_at
            if not future.is_done and waited_seconds >= _SLOW_SECONDS:
                self._complain(f"Kafka at {self._cluster} has not answered for some seconds")
            if waited_seconds >= self._overdue_seconds:
                break
        if not future.is_done:
            return Delivery.FAILED
        if future.succeeded():
            return Delivery.ACKNOWLEDGED
        return Delivery.REFUSED if isinstance(future.exception, REFUSALS) else Delivery.FAILED
