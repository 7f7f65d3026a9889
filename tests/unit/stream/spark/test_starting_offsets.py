"""Before the query starts: the ledger and the topic agree, or a person is told what to do."""

from __future__ import annotations

import pytest

from services.stream.broker import TopicFacts
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.spark.starting_offsets import LedgerMismatchError, starting_offsets

FACTS = TopicFacts("id-1", {0: OffsetRange(10, 50), 1: OffsetRange(0, 5)})


@pytest.mark.parametrize(
    ("ledger", "topic_id", "starting"),
    [
        pytest.param({}, None, {0: 10, 1: 0}, id="first start"),
        pytest.param({0: 30, 1: 5}, "id-1", {0: 30, 1: 5}, id="goes on"),
        pytest.param({0: 10}, "id-1", {0: 10, 1: 0}, id="partition added, nothing aged out"),
        pytest.param({0: 50, 1: 0}, "id-1", {0: 50, 1: 0}, id="all read"),
    ],
)
def test_a_query_begins_at_the_ledger_else_at_the_earliest(
    ledger: dict[int, int], topic_id: str | None, starting: dict[int, int]
) -> None:
    assert starting_offsets(FACTS, ledger, topic_id, accept_lost=False) == starting


@pytest.mark.parametrize("accept_lost", [False, True], ids=["strict", "lost accepted"])
@pytest.mark.parametrize(
    ("ledger", "topic_id", "said"),
    [
        pytest.param(
            {0: 30},
            "id-0",
            "the ledger belongs to topic id-0, but Kafka now has id-1: the topic was recreated.",
            id="recreated",
        ),
        pytest.param(
            {0: 51},
            "id-1",
            "partition 0: the ledger ends at 51, but Kafka at 50: Kafka lost its newest records.",
            id="tail lost",
        ),
    ],
)
def test_a_contradiction_stops_the_start_whatever_is_accepted(
    ledger: dict[int, int], topic_id: str, said: str, accept_lost: bool
) -> None:
    with pytest.raises(LedgerMismatchError) as caught:
        starting_offsets(FACTS, ledger, topic_id, accept_lost)
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_aged_out_records_stop_the_start_until_they_are_accepted_as_lost() -> None:
    with pytest.raises(LedgerMismatchError) as caught:
        starting_offsets(FACTS, {0: 4, 1: 2}, "id-1", accept_lost=False)

    assert str(caught.value).startswith(
        "partition 0: offsets 4 to 9 have expired from Kafka unread"
    )
    assert "ACCEPT_LOST_OFFSETS=true" in str(caught.value)
    assert starting_offsets(FACTS, {0: 4, 1: 2}, "id-1", accept_lost=True) == {0: 10, 1: 2}
