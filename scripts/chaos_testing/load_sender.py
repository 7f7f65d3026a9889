"""Sends an episode's operations to Kafka on its own thread, and keeps what was acknowledged."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress

from kafka import KafkaProducer
from kafka.errors import KafkaError

from scripts.chaos_testing.workload import Operation

_SECONDS_APART = 0.003


class Load:
    """Sends until told to stop; a record without an acknowledgement may or may not be there."""

    def __init__(self, bootstrap: str, topic: str, source: Iterator[Operation]) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._source = source
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self.sent = 0
        self.acknowledged: list[bytes] = []

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """Stop sending; the load is alive until each record is acknowledged or has failed."""
        self._stop.set()

    def is_alive(self) -> bool:
        """Return whether records are sent, or wait for an acknowledgement."""
        return self._thread.is_alive()

    def _run(self) -> None:
        producer = None
        while not self._stop.is_set():
            try:
                producer = producer or self._connect()
                operation = next(self._source)
                self.sent += 1
                future = producer.send(self._topic, key=operation.key, value=operation.value)
                future.add_callback(
                    lambda value, _: self.acknowledged.append(value), operation.value
                )
            except KafkaError:
                # The broker is away: what has no acknowledgement counts as unknown.
                self._stop.wait(0.2)
            self._stop.wait(_SECONDS_APART)
        if producer is not None:
            _finish(producer)

    def _connect(self) -> KafkaProducer:
        return KafkaProducer(
            bootstrap_servers=self._bootstrap,
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            max_block_ms=1_000,
            bootstrap_timeout_ms=1_000,
            request_timeout_ms=4_000,
            # Longer than a pause in a random episode; what a longer outage fails counts as unknown.
            delivery_timeout_ms=9_000,
        )


def _finish(producer: KafkaProducer) -> None:
    # Whatever fails here has no acknowledgement: it counts as unknown.
    try:
        producer.flush(timeout=10)
    except KafkaError:
        producer._sender.force_close()  # the library's own close would wait for the broker first
    with suppress(KafkaError):
        producer.close(timeout=5)
