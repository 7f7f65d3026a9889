"""A record in doubt sends its batch, and for a while those after it, the long way; none is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.stream.sink.dispatch import FALLBACK_BATCHES
from services.stream.sink.offset_ledger import OffsetRange
from tests.bars import bar, record
from tests.contract.decoding.test_canonical import spaced
from tests.fixtures.market import Market, Topic
from tests.fixtures.sink import SinkBench


@pytest.mark.parametrize(
    "driver_rows", [5000, 0], ids=["through the driver", "through the executors"]
)
def test_a_record_in_doubt_is_read_the_long_way(
    driver_rows: int,
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
) -> None:
    topic = make_topic(2)
    for partition, name in enumerate("AB"):
        for number in range(3):
            topic.send(record(bar(symbol=f"{name}{number}")), partition=partition)
    odd = bar(symbol="ODD")
    topic.send((odd.key(), spaced(odd)), partition=1)
    topic.send(record(bar(symbol="B3")), (b"?", b"no bar"), partition=1)
    bench = make_sink(topic, driver_rows)
    seen = []

    for ranges in (
        {0: OffsetRange(0, 1), 1: OffsetRange(0, 1)},
        {0: OffsetRange(1, 2), 1: OffsetRange(1, 5)},
        {0: OffsetRange(2, 3), 1: OffsetRange(5, 6)},
    ):
        applied = bench.apply(ranges)
        seen.append((applied.stored, applied.rejected, bench.sink.writer.long_way_batches))

    assert seen == [
        (2, 0, 0),
        (5, 0, FALLBACK_BATCHES),
        (1, 1, FALLBACK_BATCHES - 1),
    ]
    stored = market.rows("select symbol from market.events_stream order by symbol")
    assert [symbol for (symbol,) in stored] == ["A0", "A1", "A2", "B0", "B1", "B2", "B3", "ODD"]
