"""One transaction over records of a kind of event: merged events, rejections, a moved ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.common.fail_points import reach
from services.stream.broker import Batch, KafkaRecord
from services.stream.event_topics.kind import EventKind, Publish, Taken
from services.stream.sink import offset_ledger
from services.stream.sink.offset_ledger import Move, OffsetRange, Tally
from services.stream.sink.postgres import Session


@dataclass(frozen=True)
class Work:
    """What records are of, where refused ones go, and whether the ledger may pass over offsets
    that Kafka no longer has."""

    kind: EventKind
    topic: str
    topic_id: str
    publish: Publish
    accept_lost: bool = False


def apply(session: Session, work: Work, batch: Batch) -> list[Move]:
    """Apply what of a batch the ledger does not know yet; return the ledger's moves.

    Raises DatabaseError, OffsetGapError and what `publish` raises; then nothing is written.
    """
    topic = work.topic
    session.prepare_staging()
    with session.transaction():
        known = session.lock_ledger(topic, sorted(batch.ranges))
        if missing := {n: item for n, item in batch.ranges.items() if n not in known}:
            session.open_ledger(topic, work.topic_id, missing)
            known = session.lock_ledger(topic, sorted(batch.ranges))
        due = offset_ledger.pending(known, batch.ranges, work.accept_lost)
        reach("events.batch_begun")
        moved = _take(session, work, due, batch, known)
        session.move_ledger(topic, moved)
        reach("events.ledger_moved")
    reach("events.after_commit")
    return moved


def _take(
    session: Session,
    work: Work,
    due: Mapping[int, OffsetRange],
    batch: Batch,
    known: Mapping[int, int],
) -> list[Move]:
    taken = work.kind.take(
        session,
        [
            record
            for record in batch.records
            if record.partition in due and record.offset >= due[record.partition].start
        ],
    )
    reach("events.merged")
    if taken.refused:
        # Before the commit: the offsets move only once both places have the record.
        work.publish(taken.refused)
        reach("events.rejected_published")
        session.keep_rejected(work.topic, taken.refused)
    _tell(session, taken)
    return offset_ledger.moves(known, due, taken.tallies)


def merge_again(session: Session, kind: EventKind, records: Sequence[KafkaRecord]) -> Tally:
    """Merge past records in a transaction that is open; the ledger stays, and refused ones were
    kept the first time."""
    taken = kind.take(session, records)
    _tell(session, taken)
    return sum(taken.tallies.values(), Tally())


def _tell(session: Session, taken: Taken) -> None:
    """Give word of the symbols of which viewers see something else from now on."""
    if taken.symbols:
        session.notify(frozenset(taken.symbols))
