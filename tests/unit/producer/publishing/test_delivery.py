from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.common.kafka_cluster.diagnosis import KafkaSetupError
from services.producer.metrics import Metrics
from services.producer.publishing.delivery import (
    BATCH_RECORDS,
    PENDING_SHARE,
    Delivery,
    DeliveryThread,
    PendingBars,
    Record,
)
from services.producer.publishing.state_store import StateStore
from services.producer.series import Series
from tests.unit.producer.fakes import ListWriter

AAPL, MSFT = Series("AAPL", "5min"), Series("MSFT", "5min")


def _records(series: Series, count: int) -> list[Record]:
    return [
        Record(series, f"{number:06d}", b"%d" % number, series.symbol.encode(), b"{}")
        for number in range(count)
    ]


def _parcel(series: Series, count: int) -> PendingBars:
    return PendingBars(series, deque(_records(series, count)))


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[StateStore]:
    memory = StateStore(tmp_path, datetime(2026, 1, 1, tzinfo=UTC))
    yield memory
    memory.close()


Done = queue.SimpleQueue[PendingBars]
Start = Callable[[ListWriter], tuple[DeliveryThread, Done, Metrics]]


@pytest.fixture
def start(memory: StateStore) -> Iterator[Start]:
    couriers: list[DeliveryThread] = []

    def begin(writer: ListWriter) -> tuple[DeliveryThread, Done, Metrics]:
        done, metrics = Done(), Metrics()
        delivery_thread = DeliveryThread(writer, memory, metrics, done.put)
        delivery_thread.start()
        couriers.append(delivery_thread)
        return delivery_thread, done, metrics

    yield begin
    for delivery_thread in couriers:
        delivery_thread.close(5.0)


def test_a_parcel_is_delivered_and_remembered(start: Start, memory: StateStore) -> None:
    writer = ListWriter()
    delivery_thread, done, metrics = start(writer)
    delivery_thread.submit(_parcel(AAPL, 3))
    assert done.get(timeout=5).series == AAPL
    assert writer.taken == _records(AAPL, 3)
    assert memory.fingerprints(AAPL, "", "z") == {"000000": b"0", "000001": b"1", "000002": b"2"}
    assert metrics.value("bars_acknowledged_total", interval="5min") == 3
    assert (delivery_thread.waiting(), delivery_thread.stuck_seconds()) == (0, 0.0)


def test_what_failed_is_sent_again_in_order(start: Start, memory: StateStore) -> None:
    ends = [Delivery.ACKNOWLEDGED, Delivery.FAILED, Delivery.ACKNOWLEDGED, Delivery.FAILED]
    plans = [ends, [Delivery.FAILED] * 2, [Delivery.ACKNOWLEDGED] * 2]
    writer = ListWriter(lambda _: plans.pop(0))
    delivery_thread, done, _ = start(writer)
    delivery_thread.submit(_parcel(AAPL, 4))
    done.get(timeout=5)
    times = [[record.exchange_time for record in batch] for batch in writer.batches]
    assert times == [
        ["000000", "000001", "000002", "000003"],
        ["000001", "000003"],
        ["000001", "000003"],
    ]
    assert len(memory.fingerprints(AAPL, "", "z")) == 4


def test_a_refused_record_is_settled_but_not_remembered(start: Start, memory: StateStore) -> None:
    writer = ListWriter(lambda _: [Delivery.REFUSED, Delivery.ACKNOWLEDGED])
    delivery_thread, done, _ = start(writer)
    delivery_thread.submit(_parcel(AAPL, 2))
    assert done.get(timeout=5).refused == _records(AAPL, 1)
    assert memory.fingerprints(AAPL, "", "z") == {"000001": b"1"}


def test_news_does_not_wait_behind_history(start: Start) -> None:
    writer = ListWriter()
    delivery_thread, done, _ = start(writer)
    delivery_thread.submit(_parcel(AAPL, 10 * PENDING_SHARE))
    delivery_thread.submit(_parcel(MSFT, 1))
    assert [done.get(timeout=5).series for _ in range(2)] == [MSFT, AAPL]
    assert all(len(batch) <= BATCH_RECORDS for batch in writer.batches)
    assert [record for record in writer.taken if record.series == AAPL] == _records(
        AAPL, 10 * PENDING_SHARE
    )


def test_closing_delivers_what_is_in_hand(start: Start) -> None:
    writer = ListWriter()
    delivery_thread, _, _ = start(writer)
    delivery_thread.submit(_parcel(AAPL, 3 * PENDING_SHARE))
    assert delivery_thread.close(5.0) == 0
    assert writer.taken == _records(AAPL, 3 * PENDING_SHARE)


def test_closing_gives_up_on_a_kafka_that_is_away(start: Start, memory: StateStore) -> None:
    def fail(records: Sequence[Record]) -> list[Delivery]:
        return [Delivery.FAILED] * len(records)

    delivery_thread, _, _ = start(ListWriter(fail))
    delivery_thread.submit(_parcel(AAPL, 3))
    assert delivery_thread.close(0.05) == 3
    assert not delivery_thread.is_alive()
    assert memory.fingerprints(AAPL, "", "z") == {}


def test_a_memory_that_fails_is_reported_and_nothing_is_settled(
    start: Start, memory: StateStore
) -> None:
    delivery_thread, done, _ = start(ListWriter())
    memory.close()
    delivery_thread.submit(_parcel(AAPL, 1))
    delivery_thread.close(5.0)
    assert "check the disk" in str(delivery_thread.failure)
    assert done.empty()
    assert delivery_thread.waiting() == 1


def test_settings_that_keep_it_from_kafka_end_it_and_nothing_is_settled(start: Start) -> None:
    def refused(_: Sequence[Record]) -> list[Delivery]:
        raise KafkaSetupError("Kafka at b-1:9096 refuses the user")

    delivery_thread, done, _ = start(ListWriter(refused))
    delivery_thread.submit(_parcel(AAPL, 1))
    delivery_thread.close(5.0)
    assert str(delivery_thread.failure) == "Kafka at b-1:9096 refuses the user"
    assert done.empty()
    assert delivery_thread.waiting() == 1
