"""The sink against a model of it: any order of new, late, repeated and bad records, of crashes,
of old batches and of replays leaves in a real PostgreSQL exactly what the model holds.

`--hypothesis-profile=long` takes more than 10,000 steps.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.decoding.copy_text import LINE_COLUMNS
from services.stream.records import RejectedRecord
from services.stream.sink import postgres
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.sink.staging import OUTCOME_SCHEMA
from services.stream.sink.transaction import Done, Purpose, Work, apply
from services.stream.sqlstate import DatabaseError
from tests.bars import bar
from tests.contract.decoding.both_decoders import RECORDS
from tests.fixtures.market import Market, Row
from tests.integration.sink.sink_model import START, Model, Sent

CURRENT = """
select bar_time, close, observed_at, revision, kafka_offset
from market.events_stream where symbol = %s order by bar_time
"""

REPLACED = """
select bar_time, close, observed_at, revision, kafka_offset
from market.bar_revisions where symbol = %s order by bar_time, revision
"""

REFUSED = """
select kafka_offset, value, reason from market.rejected_events where topic = %s order by 1
"""

LEDGER = """
select first_offset, next_offset, stored, superseded, rejected, lost
from market.sink_offsets where topic = %s
"""


def outcome(symbol: str, sent: Sent, offset: int) -> dict[str, object]:
    """Return the row that decoding makes of a record."""
    seen = START + timedelta(seconds=sent.second)
    values = {
        "symbol": symbol,
        "bar_time": f"{START + timedelta(minutes=sent.minute):%Y-%m-%d %H:%M:%S}",
        "interval": "1min",
        **dict.fromkeys(("open", "high", "low", "close", "volume"), str(sent.close)),
        "session_date": "2025-11-06",
        "source": "simulator",
        "freshness": "simulated",
        "basis": "unknown",
        "is_final": "true",
        "observed_at": f"{seen:%Y-%m-%dT%H:%M:%SZ}",
        "kafka_partition": "0",
        "kafka_offset": str(offset),
    }
    fields = [values[name] for name in LINE_COLUMNS]
    good = {
        "bar_key": "\t".join(fields[:3]),
        "observed_at": seen,
        "line": "\t".join(fields) + "\n",
    }
    bad = {"reason": "bad_price", "key": symbol.encode(), "value": str(offset).encode()}
    origin = {"partition": 0, "offset": offset, "kafka_timestamp": START}
    return {**origin, **(bad if sent.bad else good)}


def record(symbol: str, sent: Sent, offset: int) -> dict[str, object]:
    """Return a good record as Spark hands it to Python."""
    at = {"exchange_time": f"{START + timedelta(minutes=sent.minute):%Y-%m-%d %H:%M:%S}"}
    seen = {"observed_at": f"{START + timedelta(seconds=sent.second):%Y-%m-%dT%H:%M:%SZ}"}
    values = dict.fromkeys(("open", "high", "low", "close", "volume"), str(sent.close))
    kind = {"interval": "1min", "exchange_tz": "UTC", "source": "simulator"}
    event = bar(values, symbol=symbol, freshness="simulated", **kind, **at, **seen)
    origin = {"partition": 0, "offset": offset, "timestamp": START}
    return {**origin, "key": event.key(), "value": event.to_json()}


class _CrashError(Exception):
    """The process dies inside of the transaction."""


SENT = st.builds(
    Sent,
    minute=st.integers(0, 3),
    close=st.integers(1, 3),
    second=st.integers(0, 5),
    bad=st.sampled_from([False, False, False, False, True]),
)


class SinkMachine(RuleBasedStateMachine):
    """Drives one topic with one partition and one symbol, both its own."""

    market: Market
    numbers = itertools.count()
    steps = itertools.count()

    @initialize(as_rows=st.booleans())
    def begin(self, as_rows: bool) -> None:
        self.as_rows = as_rows
        self.symbol = f"M{next(self.numbers)}"
        self.log: list[Sent] = []
        self.model = Model()
        self.published: list[int] = []
        self.session = self._connect()

    def _connect(self) -> postgres.Session:
        session = postgres.connect(self.market.address("stream_writer"), "test")
        session.prepare_staging()  # as in any batch but the first; the crashes wrap around it
        return session

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.close()

    @rule(records=st.lists(SENT, min_size=1, max_size=5))
    def send(self, records: list[Sent]) -> None:
        self.log += records

    @precondition(lambda self: self.log)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        self.log.append(data.draw(st.sampled_from(self.log)))

    @precondition(lambda self: self.model.next_offset < len(self.log))
    @rule(data=st.data(), isolating=st.booleans())
    def apply_next(self, data: st.DataObject, isolating: bool) -> None:
        until = data.draw(st.integers(self.model.next_offset + 1, len(self.log)))
        self._apply(OffsetRange(self.model.next_offset, until), isolating=isolating)

    @precondition(lambda self: self.model.next_offset)
    @rule(data=st.data())
    def apply_an_old_batch(self, data: st.DataObject) -> None:
        # A crash after the commit, an older checkpoint, or none: known offsets come again.
        start = data.draw(st.integers(0, self.model.next_offset - 1))
        self._apply(OffsetRange(start, data.draw(st.integers(start + 1, len(self.log)))))

    @precondition(lambda self: self.model.next_offset < len(self.log))
    @rule(lost_connection=st.booleans())
    def crash_before_the_commit(self, lost_connection: bool) -> None:
        with self._crashing():
            self._run(OffsetRange(self.model.next_offset, len(self.log)), Purpose.LIVE)
            self._crash(lost_connection)
        if self.session.broken:
            self.session = self._connect()

    @precondition(lambda self: self.model.next_offset)
    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, self.model.next_offset - 1))
        offsets = OffsetRange(start, data.draw(st.integers(start + 1, self.model.next_offset)))
        preview = self._run(offsets, Purpose.PREVIEW)
        done = self._run(offsets, Purpose.REPLAY)
        written = self.model.merge(self.log, range(offsets.start, offsets.until))
        assert [
            sum(tally.stored for tally in part.tallies.values()) for part in (preview, done)
        ] == [
            written,
            written,
        ]

    def _rows(self, query: str) -> list[Row]:
        return self.market.rows(query, (self.symbol,))

    def _crash(self, lost_connection: bool) -> None:
        if lost_connection:
            self.session.close()
        raise _CrashError

    @contextmanager
    def _crashing(self) -> Iterator[None]:
        with pytest.raises((_CrashError, DatabaseError)), self.session.transaction():
            yield

    def _apply(self, offsets: OffsetRange, isolating: bool = False) -> None:
        self._run(offsets, Purpose.LIVE, isolating)
        self.model.apply(self.log, offsets)

    def _run(self, offsets: OffsetRange, purpose: Purpose, isolating: bool = False) -> Done:
        numbers = range(offsets.start, offsets.until)
        half = len(numbers) // 2
        parts = [numbers[:half], numbers[half:]]
        # What is in doubt, or isolated, never comes as rows.
        sure = self.as_rows and not isolating and not any(self.log[each].bad for each in numbers)
        batches = [self._rows_of(part) if sure else self._lines_of(part) for part in parts if part]
        work = Work(self.symbol, purpose, topic_id="id", isolating=isolating, straight_rows=1)
        return apply(self.session, work, self._publish, {0: offsets}, batches)

    def _lines_of(self, numbers: Sequence[int]) -> pa.RecordBatch:
        rows = [outcome(self.symbol, self.log[number], number) for number in numbers]
        return pa.RecordBatch.from_pylist(rows, schema=OUTCOME_SCHEMA)

    def _rows_of(self, numbers: Sequence[int]) -> pa.RecordBatch:
        rows = [record(self.symbol, self.log[number], number) for number in numbers]
        return fast_outcomes(pa.RecordBatch.from_pylist(rows, schema=RECORDS))

    def _publish(self, records: Iterable[RejectedRecord]) -> None:
        self.published += [record.offset for record in records]

    @invariant()
    def the_database_holds_what_the_model_holds(self) -> None:
        next(self.steps)
        model = self.model
        assert self._rows(CURRENT) == sorted(model.bars.values())
        assert self._rows(REPLACED) == sorted(model.replaced, key=lambda row: (row[0], row[3]))
        assert self._rows(REFUSED) == model.refused
        assert {offset for offset, _, _ in model.refused} <= {*self.published}
        ledger = (0, model.next_offset, model.stored, model.superseded, len(model.refused), 0)
        assert self._rows(LEDGER) == ([ledger] if model.next_offset else [])


def test_the_sink_does_what_its_model_does(market: Market) -> None:
    long = settings.get_current_profile_name() == "long"
    before = next(SinkMachine.steps)
    SinkMachine.market = market
    run_state_machine_as_test(
        SinkMachine,
        settings=settings(deadline=None, max_examples=500 if long else 40, stateful_step_count=30),
    )
    steps = next(SinkMachine.steps) - before - 1
    print(f"{steps} steps")  # noqa: T201 - a figure for the reader
    assert steps >= (10_000 if long else 500)
