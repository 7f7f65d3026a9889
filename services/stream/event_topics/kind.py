"""What the consumer knows of a kind of event, and what became of records of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from services.common.topics import Topic
from services.stream.broker import KafkaRecord
from services.stream.records import RejectedRecord
from services.stream.sink.offset_ledger import Tally
from services.stream.sink.postgres import Session


@dataclass
class Taken:
    """What became of records: a tally per partition, what was refused, and the symbols whose
    viewers are to be told."""

    tallies: dict[int, Tally] = field(default_factory=dict)
    refused: list[RejectedRecord] = field(default_factory=list)
    symbols: set[str] = field(default_factory=set)

    def count(self, record: KafkaRecord, tally: Tally) -> None:
        """Add to the tally of the record's partition."""
        self.tallies[record.partition] = self.tallies.get(record.partition, Tally()) + tally

    def refuse(self, record: KafkaRecord, reason: str) -> None:
        """Take note that a record is refused."""
        self.refused.append(RejectedRecord(*record, reason))
        self.count(record, Tally(bad=1))


Take = Callable[[Session, Sequence[KafkaRecord]], Taken]
Publish = Callable[[Iterable[RejectedRecord]], None]


@dataclass(frozen=True, eq=False)
class EventKind:
    """A kind of event. `take` merges records in a transaction that is open; `lock` keeps a second
    consumer away."""

    title: str
    topic: Topic
    rejected: Topic
    lock: int
    take: Take
