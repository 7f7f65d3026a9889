"""The monitor knows when the load of history is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from scripts.local_stack.monitor import Monitor
from scripts.local_stack.servers.database import Latency, LedgerRow, Reader
from scripts.local_stack.servers.kafka_client import Offsets
from scripts.local_stack.summary import Counts

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class FakeOffsets(Offsets):
    def __init__(self) -> None:
        self.end = 0

    def beginnings(self) -> dict[int, int]:
        return {0: 0}

    def ends(self) -> dict[int, int]:
        return {0: self.end}


class FakeReader(Reader):
    def __init__(self, stored: int) -> None:
        self.stored = stored
        self.symbols: dict[str, datetime] = {}
        self.asked_since: datetime | None = None

    def ledger(self, topic: str) -> list[LedgerRow]:
        assert topic == "market.bars"
        return [LedgerRow(0, 0, self.stored, self.stored, 0, 0)]

    def newest(self, symbols: Sequence[str]) -> dict[str, datetime]:
        assert symbols == ["AAPL", "MSFT"]
        return self.symbols

    def latency(self, observed_since: datetime) -> Latency | None:
        self.asked_since = observed_since
        return Latency(1, 0.5, 0.6)


def test_latency_is_asked_for_from_the_end_of_the_history_on() -> None:
    offsets, reader = FakeOffsets(), FakeReader(stored=100)
    monitor = Monitor(offsets, reader, ["AAPL", "MSFT"], NOW)

    offsets.end, reader.stored = 150, 150  # all is stored, but of one symbol only
    reader.symbols = {"AAPL": NOW}
    monitor.read(NOW + timedelta(seconds=1))
    assert monitor.latency() is None

    offsets.end, reader.stored = 300, 200  # both are there, 100 records wait
    reader.symbols = {"AAPL": NOW, "MSFT": NOW}
    snapshot = monitor.read(NOW + timedelta(seconds=2))
    assert snapshot.counts == Counts(produced=300, stored=200, superseded=0, rejected=0, lag=100)
    assert monitor.stored_this_run(snapshot.counts) == 100
    assert monitor.latency() is None

    offsets.end, reader.stored = 400, 350  # those are stored, though newer ones wait
    monitor.read(NOW + timedelta(seconds=3))
    monitor.read(NOW + timedelta(seconds=4))
    assert monitor.latency() == Latency(1, 0.5, 0.6)
    assert reader.asked_since == NOW + timedelta(seconds=3)
