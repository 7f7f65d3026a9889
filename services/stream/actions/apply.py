"""One transaction over records of corporate actions: merged actions, rejections, a moved ledger.

They are few: each is merged by itself, so that one that the database refuses is no other's fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from services.common.fail_points import reach
from services.common.market.corporate_action import CorporateAction
from services.stream.actions import sql
from services.stream.actions.decode import RefusedError, decode
from services.stream.broker import Batch, KafkaRecord
from services.stream.records import RejectedRecord
from services.stream.sink import offset_ledger
from services.stream.sink.offset_ledger import Move, OffsetRange, Tally
from services.stream.sink.postgres import Session
from services.stream.sqlstate import DatabaseError, Fault

Publish = Callable[[Iterable[RejectedRecord]], None]


@dataclass
class _Transaction:
    session: Session
    tallies: dict[int, Tally] = field(default_factory=dict)
    refused: list[RejectedRecord] = field(default_factory=list)
    symbols: set[str] = field(default_factory=set)

    def take(self, record: KafkaRecord) -> None:
        try:
            action = decode(record.key, record.value, record.kafka_timestamp)
            self._count(record, self._merge(record, action))
        except RefusedError as error:
            self._refuse(record, str(error))
        except DatabaseError as error:
            if error.fault is not Fault.DATA:
                raise
            self._refuse(record, f"database_{error.sqlstate}")

    def _merge(self, record: KafkaRecord, action: CorporateAction) -> Tally:
        identity = (action.symbol, action.kind, action.ex_date, action.number)
        values = (
            *(action.numerator, action.denominator, action.amount, action.vendor_value),
            *(action.declaration_date, action.record_date, action.payment_date),
            *(action.is_withdrawn, action.source, action.observed_at),
        )
        origin = (record.partition, record.offset)
        with self.session.transaction():
            written = self.session.fetch(sql.MERGE, (*identity, *values, *origin))
            if not written:
                seen = action.observed_at
                self.session.run(sql.SEE_AGAIN, (seen, *identity, seen))
            else:
                self.symbols.add(action.symbol)
                if action.kind == "split":
                    self.session.run(sql.AWAIT_MERGES)
                    self.session.run(sql.MARK_INDICATORS, (action.ex_date, action.symbol))
        is_new = written == [(1,)]
        return Tally(good=1, added=int(is_new), changed=len(written) - int(is_new))

    def _refuse(self, record: KafkaRecord, reason: str) -> None:
        self.refused.append(RejectedRecord(*record, reason))
        self._count(record, Tally(bad=1))

    def _count(self, record: KafkaRecord, tally: Tally) -> None:
        self.tallies[record.partition] = self.tallies.get(record.partition, Tally()) + tally


@dataclass(frozen=True)
class Work:
    """What records are of, where refused ones go, and whether the ledger may pass over offsets
    that Kafka no longer has."""

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
        reach("actions.batch_begun")
        moved = _take(session, work, due, batch, known)
        session.move_ledger(topic, moved)
        reach("actions.ledger_moved")
    reach("actions.after_commit")
    return moved


def _take(
    session: Session,
    work: Work,
    due: Mapping[int, OffsetRange],
    batch: Batch,
    known: Mapping[int, int],
) -> list[Move]:
    transaction = _Transaction(session)
    for record in batch.records:
        if record.partition in due and record.offset >= due[record.partition].start:
            transaction.take(record)
    reach("actions.merged")
    if transaction.refused:
        # Before the commit: the offsets move only once both places have the record.
        work.publish(transaction.refused)
        reach("actions.rejected_published")
        session.keep_rejected(work.topic, transaction.refused)
    _tell(session, transaction)
    return offset_ledger.moves(known, due, transaction.tallies)


def merge_again(session: Session, records: Iterable[KafkaRecord]) -> Tally:
    """Merge past records in a transaction that is open; the ledger stays, and refused ones were
    kept the first time."""
    transaction = _Transaction(session)
    for record in records:
        transaction.take(record)
    _tell(session, transaction)
    return sum(transaction.tallies.values(), Tally())


def _tell(session: Session, transaction: _Transaction) -> None:
    """Give word of the symbols, whose earlier prices now differ on the other bases."""
    if transaction.symbols:
        session.notify(frozenset(transaction.symbols))
