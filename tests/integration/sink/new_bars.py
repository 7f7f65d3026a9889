"""New bars, and a connection of the sink that batches of them go through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pytest

from services.common.market.bar import Bar
from services.stream.decoding.arrow_decode import fast_outcomes
from services.stream.records import Merged
from services.stream.sink import insert_new
from services.stream.sink import postgres as stream_postgres
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.sink.postgres import Session
from services.stream.sink.transaction import Done, Purpose, Work, apply
from tests.bars import bar
from tests.contract.decoding.both_decoders import RECORDS
from tests.fixtures.market import Market

SENT_AT = datetime(2025, 11, 6, 21, 0, 4, tzinfo=UTC)


SENT_MS = round(SENT_AT.timestamp() * 1000)


STORED = """
select symbol, interval, bar_time, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, revision, kafka_partition, kafka_offset
from market.events_stream order by symbol, interval, bar_time
"""


DUE = """
select symbol, interval, from_time, until_time from market.indicator_work
order by symbol, interval, from_time
"""


LEDGER = "select partition, next_offset, stored, superseded from market.sink_offsets order by 1"


def times(symbol: str, *clocks: str, day: str = "2025-11-06") -> list[Bar]:
    """Return bars of a symbol at these times of the exchange's clock."""
    return [bar(symbol=symbol, exchange_time=f"{day} {clock}:00") for clock in clocks]


# Two years, two intervals, two time zones; series that come one after the other and mixed.
NEW = [
    *times("A", "10:00", "10:05", "10:10"),
    *times("B", "10:05", "10:00"),
    *times("A", "15:55", day="2024-12-31"),
    bar(symbol="A", interval="1d", exchange_time="2025-11-05"),
    bar(symbol="C", exchange_tz="UTC"),
]


def rows(bars: list[Bar], partition: int = 0, first: int = 0) -> pa.RecordBatch:
    """Return what becomes of bars in Arrow; their offsets go on from `first`."""
    records = [
        {
            "partition": partition,
            "offset": first + number,
            "timestamp": SENT_AT,
            "key": one.key(),
            "value": one.to_json(),
        }
        for number, one in enumerate(bars)
    ]
    return fast_outcomes(pa.RecordBatch.from_pylist(records, schema=RECORDS))


@dataclass
class Bench:
    """A connection of the sink, and batches that go through it from offset to offset."""

    market: Market
    session: Session
    next_offset: int = 0

    def apply(
        self, bars: list[Bar], straight_rows: int = 1, purpose: Purpose = Purpose.LIVE
    ) -> Done:
        """Apply bars as the next records of partition 0."""
        begin = self.next_offset
        self.next_offset += len(bars)
        return apply(
            self.session,
            Work("bars", purpose, topic_id="id", straight_rows=straight_rows),
            lambda records: pytest.fail(f"refused: {list(records)}"),
            {0: OffsetRange(begin, self.next_offset)},
            [rows(bars, first=begin)],
        )

    def add(self, bars: list[Bar], fewest_rows: int = 1) -> Merged | None:
        """Take the straight way alone."""
        with self.session.transaction():
            return insert_new.add(self.session, rows(bars), fewest_rows)

    def tables(self) -> list[list[tuple[object, ...]]]:
        """Return all that a batch writes."""
        return [self.market.rows(query) for query in (STORED, DUE, LEDGER)]


@contextmanager
def connected(market: Market) -> Iterator[Bench]:
    """Connect to a database as the stream."""
    with closing(stream_postgres.connect(market.address("stream_writer"), "test")) as session:
        yield Bench(market, session)
