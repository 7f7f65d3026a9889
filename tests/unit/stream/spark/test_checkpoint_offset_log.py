"""Spark's own offset log, as it stands in a checkpoint."""

from __future__ import annotations

import pytest

from services.stream.error_advice import verdict
from services.stream.sink.offset_ledger import OffsetRange
from services.stream.spark.checkpoint_offset_log import (
    CheckpointError,
    batch_ranges,
    parse_initial_offsets,
    parse_offset_log,
)

LOG = (
    'v1\n{"batchWatermarkMs":0,"batchTimestampMs":1763900000000,"conf":{}}\n'
    '{"market.bars":{"0":12,"5":7,"10":0}}'
)


def test_an_offset_log_gives_the_end_of_each_partition() -> None:
    assert parse_offset_log(LOG, "market.bars") == {0: 12, 5: 7, 10: 0}
    assert parse_offset_log(LOG + "\n", "market.bars") == {0: 12, 5: 7, 10: 0}


def test_the_initial_offsets_have_a_zero_byte_and_no_metadata() -> None:
    text = '\0v1\n{"market.bars":{"0":3,"1":0}}'
    assert parse_initial_offsets(text, "market.bars") == {0: 3, 1: 0}
    assert parse_initial_offsets(text.lstrip("\0"), "market.bars") == {0: 3, 1: 0}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\0\0\0\0", id="zeros after a power cut"),
        pytest.param("v1\n", id="torn after the version"),
        pytest.param(LOG[:-1], id="torn at the end"),
        pytest.param(LOG[:80], id="torn in the middle"),
        pytest.param(LOG.replace("v1", "v2", 1), id="another version"),
        pytest.param(LOG.replace("market.bars", "other"), id="another topic"),
        pytest.param(LOG.replace('{"0":12,"5":7,"10":0}', "[1]"), id="a list"),
        pytest.param(LOG.replace('{"0":12,"5":7,"10":0}', "null"), id="null"),
        pytest.param(LOG.replace('"0"', '"x"'), id="no partition number"),
        pytest.param(LOG.replace('{"market.bars":', "[").replace("}}", "}]"), id="no object"),
        pytest.param(LOG + "\n{}", id="two sources"),
    ],
)
def test_a_damaged_log_is_a_checkpoint_error(text: str) -> None:
    with pytest.raises(CheckpointError, match=r"^the offset log "):
        parse_offset_log(text, "market.bars")


def test_the_runbook_knows_a_damaged_log() -> None:
    with pytest.raises(CheckpointError) as caught:
        parse_offset_log("torn", "market.bars")
    assert "the checkpoint is damaged" in verdict(str(caught.value)).advice


def test_ranges_lie_between_two_logs_and_a_new_partition_begins_at_zero() -> None:
    assert batch_ranges({0: 5, 1: 2}, {0: 9, 1: 2, 2: 4}) == {
        0: OffsetRange(5, 9),
        1: OffsetRange(2, 2),
        2: OffsetRange(0, 4),
    }
