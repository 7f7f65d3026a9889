"""Makes the Kafka client that writes: idempotent, acknowledged by all, bounded in every wait."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final, Protocol

from kafka import KafkaProducer
from kafka.errors import (
    InvalidRecordError,
    InvalidTimestampError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)

from services.common.kafka_cluster.cluster import KafkaCluster
from services.common.kafka_cluster.diagnosis import require_sound

ClientError = KafkaError
"""What a client raises, and what its futures fail with."""
REFUSALS: Final = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError)
"""Errors of a record that no other try would change."""
CLOCK_ERROR: Final = InvalidTimestampError.__name__
"""The error where this host's clock is too far ahead of the broker's."""

_BOOTSTRAP_MS: Final = 5_000
_CLOSE_SECONDS: Final = 2.0


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


def connect(cluster: KafkaCluster, delivery_seconds: int) -> Client:
    """Return a KafkaProducer whose records fail when they are not acknowledged within so many
    seconds. Raises KafkaError if no broker answers within 5 s, and KafkaSetupError if one answers
    but not to these settings."""
    try:
        return _producer(cluster, delivery_seconds)
    except KafkaError:
        require_sound(cluster)
        raise


def _producer(cluster: KafkaCluster, delivery_seconds: int) -> Client:
    client: Client = _Producer(
        **cluster.python_options(),
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


def denied_topics(error: object) -> frozenset[str]:
    """Return the topics to which an error says that the user may not write."""
    if not isinstance(error, TopicAuthorizationFailedError) or not error.args:
        return frozenset()
    told = error.args[0]
    return frozenset({told} if isinstance(told, str) else told)


def close_client(client: Client) -> None:
    """Close a client for good; it need not have delivered all that it was given."""
    # Raised if a record is still without an answer, which is then sent again.
    with suppress(KafkaTimeoutError):
        client.close(timeout=_CLOSE_SECONDS)
