"""The runbook: what the end of a query calls for."""

from __future__ import annotations

import pytest

from services.stream.error_advice import summary, verdict
from services.stream.sink.offset_ledger import OffsetGapError


@pytest.mark.parametrize(
    ("error", "passes", "advice"),
    [
        (f"OffsetGapError: {OffsetGapError(0, 3, 5)}", False, "ACCEPT_LOST_OFFSETS=true"),
        ("[KAFKA_DATA_LOSS.START_OFFSET_RESET] Some data may", False, "ACCEPT_LOST_OFFSETS=true"),
        (
            "org.apache.kafka.clients.consumer.OffsetOutOfRangeException: Fetch position",
            False,
            "ACCEPT_LOST_OFFSETS=true",
        ),
        (
            "[STREAMING_CHECKPOINT_MISSING_METADATA_FILE] Checkpoint location",
            False,
            "Move CHECKPOINT_DIR away",
        ),
        ("java.lang.IllegalStateException: Incomplete log file", False, "Move CHECKPOINT_DIR away"),
        ("CheckpointError: the offset log holds ''", False, "Move CHECKPOINT_DIR away"),
        ("batchId 7 is corrupted", False, "Move CHECKPOINT_DIR away"),
        (
            "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node",
            True,
            "Kafka is away; nothing is lost",
        ),
        ("UnknownTopicOrPartitionException", True, "Kafka is away; nothing is lost"),
        (
            "org.apache.kafka.common.errors.TopicAuthorizationException: Not authorized",
            True,
            "the right Read on the topic",
        ),
        (
            "org.apache.kafka.common.errors.SaslAuthenticationException: Authentication failed",
            True,
            "it is looked into now",
        ),
        ("BatchError: KafkaSetupError: Kafka at b-1:9096 refuses", True, "it is looked into now"),
        ("java.lang.OutOfMemoryError: Java heap space", False, "not one that the job may wait out"),
        ("", False, "not one that the job may wait out"),
    ],
    ids=[
        "a hole before the batch",
        "records aged out",
        "offset out of range",
        "checkpoint without metadata",
        "incomplete log",
        "damaged offset log",
        "corrupted batch",
        "Kafka timed out",
        "Kafka forgot the topic",
        "a right was taken away",
        "a password was changed",
        "a setting became wrong",
        "out of memory",
        "nothing said",
    ],
)
def test_each_error_has_its_advice(error: str, passes: bool, advice: str) -> None:
    judged = verdict(error)
    assert judged.passes is passes
    assert advice in judged.advice
    assert "\n" not in judged.advice


def test_a_loss_is_never_taken_for_an_outage() -> None:
    text = "org.apache.kafka.common.errors.OffsetOutOfRangeException: KafkaException"
    assert not verdict(text).passes


@pytest.mark.parametrize(
    ("text", "line"),
    [("\n  \n one \n two", "one"), ("", "no message"), ("x" * 400, "x" * 300)],
    ids=["the first that says something", "none", "cut"],
)
def test_the_summary_of_a_plain_error(text: str, line: str) -> None:
    assert summary(text) == line
