"""What passes between the sink and the database: refused records, and what a merge wrote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple


class RejectedRecord(NamedTuple):
    """One refused record with its origin, in the order of the columns that it is copied to."""

    partition: int
    offset: int
    kafka_timestamp: datetime
    key: bytes | None
    value: bytes | None
    reason: str


@dataclass(frozen=True)
class Written:
    """Bars of one Kafka partition that a merge added, and changed."""

    added: int = 0
    changed: int = 0

    @property
    def rows(self) -> int:
        """How many rows that makes."""
        return self.added + self.changed


@dataclass(frozen=True)
class Merged:
    """What a merge wrote, per Kafka partition, and the symbols it touched."""

    written: Mapping[int, Written]
    symbols: frozenset[str]
