"""What passes between the sink and the database: refused records, and what a merge wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class RejectedRecord:
    """One refused record with its origin, ready for the rejected topic."""

    partition: int
    offset: int
    kafka_timestamp: datetime
    key: bytes | None
    value: bytes | None
    reason: str


@dataclass(frozen=True)
class Merged:
    """What a merge wrote: stored records per Kafka partition, and the symbols they touch."""

    stored: Mapping[int, int]
    symbols: frozenset[str]

    @classmethod
    def nothing(cls) -> Merged:
        """Return the merge that wrote nothing."""
        return cls({}, frozenset())

    def __add__(self, other: Merged) -> Merged:
        stored = Counter(self.stored)
        stored.update(other.stored)
        return Merged(stored, self.symbols | other.symbols)


@dataclass(frozen=True)
class Preview:
    """What a merge would write, in bars."""

    added: int
    changed: int
    equal_or_older: int
