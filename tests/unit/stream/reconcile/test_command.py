"""Which offsets can be reconciled: read by the sink and still in Kafka."""

from __future__ import annotations

import pytest

from services.stream.reconcile.command import ranges_to_check
from services.stream.sink.offset_ledger import OffsetRange

KAFKA = {0: OffsetRange(10, 50), 1: OffsetRange(0, 5), 2: OffsetRange(30, 40)}
LEDGER = {0: (0, 45), 1: (2, 5), 2: (0, 20)}


@pytest.mark.parametrize(
    ("wanted", "ranges"),
    [
        pytest.param(
            None,
            {0: OffsetRange(10, 45), 1: OffsetRange(2, 5), 2: OffsetRange(30, 30)},
            id="all",
        ),
        pytest.param((0, OffsetRange(20, 30)), {0: OffsetRange(20, 30)}, id="some"),
        pytest.param((0, OffsetRange(0, 99)), {0: OffsetRange(10, 45)}, id="more than there is"),
        pytest.param((0, OffsetRange(60, 99)), {0: OffsetRange(60, 60)}, id="none of it"),
        pytest.param((9, OffsetRange(0, 1)), {}, id="no such partition"),
    ],
)
def test_the_range_is_what_the_sink_has_read_and_kafka_still_holds(
    wanted: tuple[int, OffsetRange] | None, ranges: dict[int, OffsetRange]
) -> None:
    assert ranges_to_check(KAFKA, LEDGER, wanted) == ranges


def test_a_partition_that_the_ledger_does_not_know_has_nothing_to_check() -> None:
    assert ranges_to_check({4: OffsetRange(3, 9)}, {}, None) == {4: OffsetRange(3, 3)}
