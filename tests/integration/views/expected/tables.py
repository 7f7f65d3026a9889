"""What the tables must hold after some batches, written as simply as can be, and how to read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal

from services.common.market.bar import Bar, price_basis
from tests.fixtures.market import Row

STORED = """
select
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, revision, kafka_partition, kafka_offset
from market.events_stream order by symbol, revision
"""
TABLES = {
    "events_stream": STORED,
    "bar_revisions": STORED.replace("events_stream", "bar_revisions"),
    "rejected_events": """
        select kafka_partition, kafka_offset, key, value, reason
        from market.rejected_events order by 1, 2
    """,
    "sink_offsets": """
        select partition, first_offset, next_offset, stored, superseded, rejected, lost
        from market.sink_offsets order by 1
    """,
}

Sent = Bar | bytes
"""A bar, or a value that is none."""


@dataclass
class Model:
    """What the tables must hold, written as simply as can be."""

    bars: dict[str, Row] = field(default_factory=dict)
    replaced: list[Row] = field(default_factory=list)
    rejected: list[Row] = field(default_factory=list)
    ledger: dict[int, Row] = field(default_factory=dict)

    def apply(self, partition: int, sent: Sequence[Sent]) -> None:
        """Apply the next batch of a partition."""
        _, first, start, stored, superseded, rejected, lost = self.ledger.get(
            partition, (partition, 0, 0, 0, 0, 0, 0)
        )
        newest: dict[str, Row] = {}
        for offset, one in enumerate(sent, start):
            if isinstance(one, bytes):
                self.rejected.append((partition, offset, b"AAPL", one, "malformed_json"))
                rejected += 1
                continue
            row = stored_row(one, partition, offset)
            if one.symbol not in newest or age(row) > age(newest[one.symbol]):
                newest[one.symbol] = row
            superseded += 1
        taken = sum(self._merge(row) for row in newest.values())
        counts = (stored + taken, superseded - taken, rejected, lost)
        self.ledger[partition] = (partition, first, start + len(sent), *counts)

    def _merge(self, new: Row) -> bool:
        old = self.bars.get(new[0])
        if old is None:
            self.bars[new[0]] = new
            return True
        if old[3:8] == new[3:8]:
            self.bars[new[0]] = (*old[:13], max(old[13], new[13]), *old[14:])
            return False
        if age(new) < age(old):
            return False
        self.replaced.append(old)
        self.bars[new[0]] = (*new[:14], old[14] + 1, *new[15:])
        return True

    def tables(self) -> dict[str, list[Row]]:
        """Return the rows of each table, as `TABLES` reads them."""
        return {
            "events_stream": [row for _, row in sorted(self.bars.items())],
            "bar_revisions": sorted(self.replaced, key=lambda row: (row[0], row[14])),
            "rejected_events": sorted(self.rejected),
            "sink_offsets": [row for _, row in sorted(self.ledger.items())],
        }


def stored_row(event: Bar, partition: int, offset: int) -> Row:
    """Return the row of a bar that is new."""
    values = event.ohlcv
    prices = [Decimal(text) for text in (values.open, values.high, values.low, values.close)]
    time = datetime(2025, 11, 6, 20, 55, tzinfo=UTC)
    seen = datetime.fromisoformat(event.observed_at)
    day = date(2025, 11, 6)
    basis = price_basis(event.adjusted, event.adjusted_as_of, event.adjusted_for)
    kind = (day, event.source, event.freshness, basis, event.is_final)
    numbers = (*prices, Decimal(values.volume or 0))
    return (event.symbol, time, event.interval, *numbers, *kind, seen, 1, partition, offset)


def age(row: Row) -> tuple[datetime, int]:
    """Return what decides between two values of a bar."""
    return row[13], row[16]
