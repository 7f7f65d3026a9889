"""The topics: what the design promises of them."""

from __future__ import annotations

from services.common import topics

DAY_MS = 24 * 60 * 60 * 1000


def test_bars_are_kept_so_that_last_month_can_be_replayed_and_bounded_in_bytes() -> None:
    assert (topics.BARS.name, topics.BARS.partitions) == ("market.bars", 6)
    assert dict(topics.BARS.config) == {
        "retention.ms": str(30 * DAY_MS),
        "retention.bytes": str(2 * 1024**3),
        "segment.bytes": str(128 * 1024**2),
        "cleanup.policy": "delete",
        "message.timestamp.type": "CreateTime",
    }


def test_the_rejected_topic_has_room_for_a_record_that_was_just_small_enough() -> None:
    broker_default_bytes = 1_048_588
    assert topics.REJECTED.name == "market.bars.rejected"
    assert int(topics.REJECTED.config["max.message.bytes"]) > broker_default_bytes


def test_all_lists_every_topic_once() -> None:
    declared = [value for value in vars(topics).values() if isinstance(value, topics.Topic)]
    assert sorted(topics.ALL, key=lambda topic: topic.name) == sorted(
        declared, key=lambda topic: topic.name
    )
    assert len({topic.name for topic in topics.ALL}) == len(topics.ALL)
