"""Merges quotes into their table: of each symbol the newest, all in one statement.

There are thousands a minute, and what matters is the newest: no history is kept beside the bars.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Final, NamedTuple

from services.common import topics
from services.common.advisory_locks import LOCK_QUOTES
from services.stream.broker import KafkaRecord
from services.stream.event_topics.decode import RefusedError
from services.stream.event_topics.kind import EventKind, Taken
from services.stream.quotes import sql
from services.stream.quotes.decode import QuoteRow, decode
from services.stream.sink.offset_ledger import Tally
from services.stream.sink.postgres import Session
from services.stream.sqlstate import DatabaseError, Fault


class _Quoted(NamedTuple):
    record: KafkaRecord
    row: QuoteRow


def take(session: Session, records: Sequence[KafkaRecord]) -> Taken:
    """Merge records in the session's open transaction. Raises DatabaseError."""
    taken = Taken()
    newest: dict[str, _Quoted] = {}
    for record in records:
        try:
            quoted = _Quoted(record, decode(record.key, record.value, record.kafka_timestamp))
        except RefusedError as error:
            taken.refuse(record, str(error))
            continue
        taken.count(record, Tally(good=1))
        known = newest.get(quoted.row.symbol)
        if known is None or _age(quoted) > _age(known):
            newest[quoted.row.symbol] = quoted
    # In one order always, so that two merges never wait for each other.
    _merge(session, taken, [newest[symbol] for symbol in sorted(newest)])
    return taken


def _age(quoted: _Quoted) -> tuple[object, ...]:
    return quoted.row.quoted_at, quoted.row.observed_at, quoted.record.offset


def _merge(session: Session, taken: Taken, quotes: Sequence[_Quoted]) -> None:
    """Merge quotes of different symbols; what the database refuses is found by halves."""
    if not quotes:
        return
    try:
        with session.transaction():
            written = dict(session.fetch(sql.MERGE, _columns(quotes)))
    except DatabaseError as error:
        if error.fault is not Fault.DATA:
            raise
        if len(quotes) > 1:
            half = len(quotes) // 2
            _merge(session, taken, quotes[:half])
            _merge(session, taken, quotes[half:])
        else:
            taken.count(quotes[0].record, Tally(good=-1))
            taken.refuse(quotes[0].record, f"database_{error.sqlstate}")
        return
    for record, row in quotes:
        if row.symbol in written:
            is_new = bool(written[row.symbol])
            taken.count(record, Tally(added=int(is_new), changed=int(not is_new)))
            taken.symbols.add(row.symbol)


def _columns(quotes: Sequence[_Quoted]) -> tuple[list[object], ...]:
    return (
        *(list(column) for column in zip(*(astuple(row) for _, row in quotes), strict=True)),
        [record.partition for record, _ in quotes],
        [record.offset for record, _ in quotes],
    )


QUOTES: Final = EventKind(
    title="quotes",
    topic=topics.QUOTES,
    rejected=topics.REJECTED_QUOTES,
    lock=LOCK_QUOTES,
    take=take,
)
