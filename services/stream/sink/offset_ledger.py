"""The ledger's arithmetic: which part of a batch is still to be applied, and what it adds.

Pure. Kafka offsets, not batch numbers, fence the sink: a batch that comes again after a crash,
or from an older checkpoint, is recognised by its offsets, and a batch that would leave a hole
is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OffsetRange:
    """Offsets [start, until) of one partition."""

    start: int
    until: int


def total_records(ranges: Mapping[int, OffsetRange]) -> int:
    """Return how many offsets the ranges of all partitions hold."""
    return sum(offsets.until - offsets.start for offsets in ranges.values())


@dataclass(frozen=True)
class Tally:
    """Good and bad records seen in one partition of a batch, the Kafka time of the oldest one
    (epoch milliseconds), and how many good ones added a bar or changed one."""

    good: int = 0
    bad: int = 0
    oldest_ms: int | None = None
    added: int = 0
    changed: int = 0

    @property
    def stored(self) -> int:
        """How many records the table took."""
        return self.added + self.changed

    def __add__(self, other: Tally) -> Tally:
        ages = [age for age in (self.oldest_ms, other.oldest_ms) if age is not None]
        return Tally(
            good=self.good + other.good,
            bad=self.bad + other.bad,
            oldest_ms=min(ages, default=None),
            added=self.added + other.added,
            changed=self.changed + other.changed,
        )


@dataclass(frozen=True)
class Move:
    """What one batch adds to the ledger row of one partition."""

    partition: int
    start: int
    until: int
    stored: int
    superseded: int
    rejected: int
    lost: int

    @classmethod
    def of(cls, partition: int, offsets: OffsetRange, tally: Tally) -> Move:
        """Return the move over `offsets`; those that had no record count as lost."""
        return cls(
            partition=partition,
            start=offsets.start,
            until=offsets.until,
            stored=tally.stored,
            superseded=tally.good - tally.stored,
            rejected=tally.bad,
            lost=offsets.until - offsets.start - tally.good - tally.bad,
        )


class OffsetGapError(Exception):
    """The ledger ends before the batch begins: applying it would hide lost records."""

    def __init__(self, partition: int, ledger_next: int, batch_start: int) -> None:
        super().__init__(
            f"partition {partition}: the ledger ends at offset {ledger_next}, but the batch "
            f"begins at {batch_start}; {batch_start - ledger_next} records would be skipped"
        )


def pending(
    ledger: Mapping[int, int], batch: Mapping[int, OffsetRange], accept_lost: bool = False
) -> dict[int, OffsetRange]:
    """Return the part of `batch` that lies at or above the ledger's next offsets.

    `ledger` maps a partition to its next offset; a partition without one is new. Raises
    OffsetGapError unless `accept_lost`, which lets a hole be counted as lost instead.
    """
    rest = {}
    for partition, offsets in batch.items():
        ledger_next = ledger.get(partition, offsets.start)
        if offsets.start > ledger_next and not accept_lost:
            raise OffsetGapError(partition, ledger_next, offsets.start)
        if offsets.until > ledger_next:
            rest[partition] = OffsetRange(max(offsets.start, ledger_next), offsets.until)
    return rest


def moves(
    ledger: Mapping[int, int], applied: Mapping[int, OffsetRange], tallies: Mapping[int, Tally]
) -> list[Move]:
    """Return the ledger's moves for what was applied; whatever had no record is `lost`.

    Offsets without a record are those that Kafka removed, or markers of a transaction.
    """
    return [
        Move.of(
            partition,
            OffsetRange(ledger.get(partition, offsets.start), offsets.until),
            tallies.get(partition, Tally()),
        )
        for partition, offsets in sorted(applied.items())
    ]
