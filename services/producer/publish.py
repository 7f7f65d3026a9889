"""Writes records to Kafka and says of each what became of it.

In: records in the order in which they must stand. Out: one delivery a record, after Kafka has
answered for all of them. A broker that is away is waited for; after any failure the client is
built anew, because a client that met a fatal error fails everything that follows.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

from kafka import KafkaProducer
from kafka.errors import (
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
)
from tenacity import Retrying, retry_if_exception_type, stop_when_event_set, wait_random_exponential
from tenacity.nap import sleep_using_event

from services.common.fail_points import reach
from services.producer.courier import Delivery, Record

MAX_RECORD_BYTES: Final = 1_000_000
"""What a record may weigh; a little less than the broker's and the client's limit of 1 MiB."""
_BOOTSTRAP_MS: Final = 5_000
_CLOSE_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.25
_SLOW_SECONDS: Final = 10.0
_REFUSALS: Final = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)


class Client(Protocol):
    """The part of KafkaProducer that is used."""

    def partitions_for(self, topic: str) -> Any:
        """Return the topic's partitions, or raise KafkaTimeoutError if there are none."""

    def send(self, topic: str, value: bytes, key: bytes) -> Any:
        """Return the future of one record."""

    def close(self, timeout: float) -> None:
        """Send what is buffered and stop."""

    def abort(self) -> None:
        """Fail what has no answer yet, so that `close` has nothing to wait for."""


class _Producer(KafkaProducer):  # type: ignore[misc]
    """The library's client with a way to give up: its own close waits for the broker first."""

    def abort(self) -> None:
        self._sender.force_close()


class _UnavailableError(Exception):
    """Kafka or its topic is not there; the message says which, and what to do."""


def connect(bootstrap: Sequence[str], delivery_seconds: int) -> Client:
    """Return a KafkaProducer whose records fail when they are not acknowledged within so many
    seconds. Raises KafkaError if no broker answers within 5 s."""
    client: Client = _Producer(
        bootstrap_servers=list(bootstrap),
        client_id="tapeline-producer",
        # Said explicitly: a conflicting setting then raises instead of turning it off.
        enable_idempotence=True,
        acks="all",
        linger_ms=5,
        batch_size=128 * 1024,
        delivery_timeout_ms=delivery_seconds * 1_000,
        # Time for more than one try.
        request_timeout_ms=min(30_000, delivery_seconds * 500),
        max_block_ms=_BOOTSTRAP_MS,
        bootstrap_timeout_ms=_BOOTSTRAP_MS,
        reconnect_backoff_max_ms=2_000,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
    return client


class KafkaWriter:
    """Delivers records to one topic; `connector` makes a client."""

    def __init__(
        self,
        topic: str,
        address: str,
        connector: Callable[[], Client],
        log: logging.Logger,
        overdue_seconds: float,
    ) -> None:
        """After `overdue_seconds` without an answer the client is taken for broken: kafka-python
        has left records without one for ever when a broker failed while it wrote them."""
        self._topic = topic
        self._address = address
        self._connector = connector
        self._log = log
        self._overdue_seconds = overdue_seconds
        self._client: Client | None = None
        self._complaint = ""

    def deliver(self, records: Sequence[Record], abandon: threading.Event) -> list[Delivery]:
        """Return one delivery for each record, in order.

        Waits for a client as long as it takes; when `abandon` is set, or an answer is overdue,
        what has no answer yet is FAILED.
        """
        client = self._await_client(abandon)
        if client is None:
            return [Delivery.FAILED] * len(records)
        futures = self._send_all(client, records, abandon)
        reach("producer.all_sent")
        sent_at = time.monotonic()
        deliveries = [self._result(future, abandon, sent_at) for future in futures]
        if Delivery.FAILED in deliveries:
            self._complain(f"Kafka at {self._address} did not take all bars; they are sent again")
            self.close()
        elif self._complaint:
            self._complaint = ""
            self._log.info("Kafka at %s takes bars again", self._address)
        return deliveries

    def close(self) -> None:
        """Let go of the client; the next delivery makes a new one."""
        client, self._client = self._client, None
        if client is not None:
            client.abort()  # every record that is still open here counts as FAILED already
            _close(client)

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
        except KafkaError as error:
            raise self._unavailable(
                f"Kafka does not answer at {self._address} ({type(error).__name__}); check "
                "KAFKA_BOOTSTRAP and that Kafka runs"
            ) from None
        try:
            client.partitions_for(self._topic)
        except KafkaError as error:
            client.abort()
            _close(client)
            raise self._unavailable(
                f"Kafka answers at {self._address} but has no topic {self._topic} for this client "
                f"({type(error).__name__}); run `python -m services.topics.main`"
            ) from None
        return client

    def _unavailable(self, complaint: str) -> _UnavailableError:
        self._complain(complaint)
        return _UnavailableError(complaint)

    def _complain(self, complaint: str) -> None:
        if complaint != self._complaint:
            self._complaint = complaint
            self._log.warning("%s; bars wait and nothing is lost", complaint)

    def _send_all(
        self, client: Client, records: Sequence[Record], abandon: threading.Event
    ) -> list[Any]:
        futures: list[Any] = []
        for record in records:
            # A send can block for seconds when the topic is gone: once is enough.
            if abandon.is_set() or Delivery.FAILED in futures[-1:]:
                futures.append(Delivery.FAILED)
                continue
            try:
                futures.append(client.send(self._topic, value=record.value, key=record.key))
                reach("producer.record_sent")
            except _REFUSALS:
                futures.append(Delivery.REFUSED)
            except (KafkaError, ValueError):  # ValueError: the topic has just lost its partitions
                futures.append(Delivery.FAILED)
        return futures

    def _result(self, future: Any, abandon: threading.Event, sent_at: float) -> Delivery:
        if isinstance(future, Delivery):
            return future
        while not future.is_done and not abandon.is_set():
            with suppress(KafkaError):  # a failure is judged below, a time-out looks again
                future.get(timeout=_LOOK_SECONDS)
            waited_seconds = time.monotonic() - sent_at
            if not future.is_done and waited_seconds >= _SLOW_SECONDS:
                self._complain(f"Kafka at {self._address} has not answered for some seconds")
            if waited_seconds >= self._overdue_seconds:
                break
        if not future.is_done:
            return Delivery.FAILED
        if future.succeeded():
            return Delivery.ACKNOWLEDGED
        return Delivery.REFUSED if isinstance(future.exception, _REFUSALS) else Delivery.FAILED


def _close(client: Client) -> None:
    # Raised if a record is still without an answer, which is then sent again.
    with suppress(KafkaTimeoutError):
        client.close(timeout=_CLOSE_SECONDS)
