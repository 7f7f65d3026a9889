"""Merges corporate actions into their table.

They are few: each is merged by itself, so that one that the database refuses is no other's fault.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from services.common import topics
from services.common.advisory_locks import LOCK_ACTIONS
from services.common.market.corporate_action import CorporateAction
from services.stream.actions import sql
from services.stream.actions.decode import decode
from services.stream.broker import KafkaRecord
from services.stream.event_topics.decode import RefusedError
from services.stream.event_topics.kind import EventKind, Taken
from services.stream.sink.offset_ledger import Tally
from services.stream.sink.postgres import Session
from services.stream.sqlstate import DatabaseError, Fault


def take(session: Session, records: Sequence[KafkaRecord]) -> Taken:
    """Merge records in the session's open transaction. Raises DatabaseError."""
    taken = Taken()
    for record in records:
        try:
            action = decode(record.key, record.value, record.kafka_timestamp)
            taken.count(record, _merge(session, taken, record, action))
        except RefusedError as error:
            taken.refuse(record, str(error))
        except DatabaseError as error:
            if error.fault is not Fault.DATA:
                raise
            taken.refuse(record, f"database_{error.sqlstate}")
    return taken


def _merge(session: Session, taken: Taken, record: KafkaRecord, action: CorporateAction) -> Tally:
    identity = (action.symbol, action.kind, action.ex_date, action.number)
    values = (
        *(action.numerator, action.denominator, action.amount, action.vendor_value),
        *(action.declaration_date, action.record_date, action.payment_date),
        *(action.is_withdrawn, action.source, action.observed_at),
    )
    origin = (record.partition, record.offset)
    with session.transaction():
        written = session.fetch(sql.MERGE, (*identity, *values, *origin))
        if not written:
            seen = action.observed_at
            session.run(sql.SEE_AGAIN, (seen, *identity, seen))
        else:
            # Its earlier prices now differ on the other bases.
            taken.symbols.add(action.symbol)
            if action.kind == "split":
                session.run(sql.AWAIT_MERGES)
                session.run(sql.MARK_INDICATORS, (action.ex_date, action.symbol))
    is_new = written == [(1,)]
    return Tally(good=1, added=int(is_new), changed=len(written) - int(is_new))


ACTIONS: Final = EventKind(
    title="corporate actions",
    topic=topics.ACTIONS,
    rejected=topics.REJECTED_ACTIONS,
    lock=LOCK_ACTIONS,
    take=take,
)
