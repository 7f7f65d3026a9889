"""Asks the broker what the demo shows: is it there, and how much its topic holds."""

from __future__ import annotations

import socket

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaError

from scripts.launcher.errors import SetupError

_BOOTSTRAP_MS = 30_000


def is_listening(bootstrap: str) -> bool:
    """Return whether something accepts connections at `host:port`."""
    host, _, port = bootstrap.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


class Offsets:
    """Reads the offsets of one topic's partitions over one connection. Raises SetupError."""

    def __init__(self, bootstrap: str, topic: str, partitions: int) -> None:
        try:
            self._admin = KafkaAdminClient(
                bootstrap_servers=bootstrap, bootstrap_timeout_ms=_BOOTSTRAP_MS
            )
        except KafkaError as error:
            raise SetupError(f"Kafka: {' '.join(str(error).split())}") from None
        self._partitions = [TopicPartition(topic, number) for number in range(partitions)]

    def ends(self) -> dict[int, int]:
        """Return the next offset of each partition."""
        return self._read(OffsetSpec.LATEST)

    def beginnings(self) -> dict[int, int]:
        """Return the first offset that each partition still holds."""
        return self._read(OffsetSpec.EARLIEST)

    def close(self) -> None:
        """End the connection."""
        self._admin.close()

    def _read(self, which: OffsetSpec) -> dict[int, int]:
        try:
            found = self._admin.list_partition_offsets(dict.fromkeys(self._partitions, which))
        except KafkaError as error:
            raise SetupError(f"Kafka: {' '.join(str(error).split())}") from None
        return {place.partition: answer.offset for place, answer in found.items()}
