"""What has to be done follows from what should be and what is."""

from __future__ import annotations

import pytest

from services.common.topics import Topic
from services.topics.topic_changes import (
    Existing,
    PartitionMismatch,
    Plan,
    kept_safely,
    plan,
    replica_mismatches,
)

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


def test_copies_are_the_clusters_affair_unless_a_setting_says_how_many() -> None:
    assert kept_safely((BARS,), 0, 0) == (BARS,)
    assert BARS.replication_factor == -1
    assert kept_safely((BARS, REJECTED), 3, 2) == (
        Topic("bars", 6, {**BARS.config, "min.insync.replicas": "2"}, replication_factor=3),
        Topic("rejected", 1, {**REJECTED.config, "min.insync.replicas": "2"}, replication_factor=3),
    )


def test_a_topic_with_another_number_of_copies_is_told() -> None:
    existing = {"bars": Existing(6, {}, replicas=1), "rejected": Existing(1, {}, replicas=3)}
    assert replica_mismatches((BARS, REJECTED), existing) == []
    assert replica_mismatches(kept_safely((BARS, REJECTED), 3, 0), existing) == [
        "topic bars has 1 copies and should have 3; only the cluster's own tools change that "
        "(reassignment)"
    ]
