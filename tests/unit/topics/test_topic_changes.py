"""What has to be done follows from what should be and what is."""

from __future__ import annotations

import pytest

from services.common.topics import Topic
from services.topics.topic_changes import Existing, PartitionMismatch, Plan, plan

BARS = Topic("bars", 6, {"retention.ms": "100", "cleanup.policy": "delete"})
REJECTED = Topic("rejected", 1, {"retention.ms": "200"})


def test_plan_creates_what_is_missing() -> None:
    assert plan((BARS, REJECTED), {}) == Plan(create=(BARS, REJECTED), configure={})


def test_plan_does_nothing_where_all_is_as_it_should_be() -> None:
    existing = {
        "bars": Existing(6, {**BARS.config, "compression.type": "producer"}),
        "rejected": Existing(1, REJECTED.config),
        "foreign": Existing(9, {}),
    }
    assert plan((BARS, REJECTED), existing) == Plan(create=(), configure={})


def test_plan_sets_only_what_differs() -> None:
    existing = {"bars": Existing(6, {"retention.ms": "99", "cleanup.policy": "delete"})}
    assert plan((BARS, REJECTED), existing) == Plan(
        create=(REJECTED,), configure={"bars": {"retention.ms": "100"}}
    )


@pytest.mark.parametrize("partitions", [5, 7], ids=["fewer", "more"])
def test_plan_refuses_another_number_of_partitions(partitions: int) -> None:
    with pytest.raises(PartitionMismatch) as caught:
        plan((BARS,), {"bars": Existing(partitions, BARS.config)})
    assert str(caught.value).startswith(f"topic bars has {partitions} partitions and should have 6")
