"""Which offsets a replay reads: what was asked for, cut to what Kafka has, and said plainly."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stream.replay.offset_range import (
    Selection,
    by_offsets,
    by_time,
    chunks,
    parse_instant,
    parse_offsets,
)
from services.stream.sink.offset_ledger import OffsetRange

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("90s", NOW - timedelta(seconds=90)),
        ("2h", NOW - timedelta(hours=2)),
        ("15m", NOW - timedelta(minutes=15)),
        ("7d", NOW - timedelta(days=7)),
        ("2026-11-20T14:30:00Z", datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
        ("2026-11-20T09:30:00-05:00", datetime(2026, 11, 20, 14, 30, tzinfo=UTC)),
        ("2026-11-20T14:30:00.5+00:00", datetime(2026, 11, 20, 14, 30, 0, 500000, tzinfo=UTC)),
    ],
)
def test_an_instant_is_absolute_or_so_long_ago(text: str, instant: datetime) -> None:
    parsed = parse_instant(text, NOW)
    assert (parsed, parsed.utcoffset()) == (instant, timedelta(0))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("yesterday", "'yesterday' is no instant; write 2026-11-20T14:30:00Z, or 2h for two hours"),
        ("", "'' is no instant"),
        ("2h30m", "'2h30m' is no instant"),
        ("-2h", "'-2h' is no instant"),
        ("2026-11-20T14:30:00", "names no zone; add Z for UTC, or .hh:mm"),
        ("2026-11-20", "names no zone"),
    ],
)
def test_no_instant_is_said_in_one_line(text: str, message: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=message):
        parse_instant(text, NOW)


def test_offsets_are_a_half_open_range() -> None:
    assert parse_offsets("0:10") == OffsetRange(0, 10)


@pytest.mark.parametrize("text", ["", "5", "5:5", "9:5", "a:b", "-1:5", "1:", "1:2:3", "1 :2"])
def test_no_range_of_offsets(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="A:B"):
        parse_offsets(text)


@pytest.mark.parametrize(
    ("wanted", "ranges", "gaps"),
    [
        pytest.param(OffsetRange(12, 15), {1: OffsetRange(12, 15)}, (), id="all there"),
        pytest.param(OffsetRange(15, 99), {1: OffsetRange(15, 20)}, (), id="cut at the end"),
        pytest.param(
            OffsetRange(5, 15),
            {1: OffsetRange(10, 15)},
            (
                (
                    "partition 1: retention has removed offsets 5 to 9 (5 records); "
                    "they cannot be replayed"
                ),
            ),
            id="cut at the start",
        ),
        pytest.param(
            OffsetRange(2, 4),
            {},
            (
                (
                    "partition 1: retention has removed offsets 2 to 3 (2 records); "
                    "they cannot be replayed"
                ),
            ),
            id="all gone",
        ),
        pytest.param(OffsetRange(20, 30), {}, (), id="not yet there"),
    ],
)
def test_by_offsets_takes_what_is_left_and_tells_what_is_gone(
    wanted: OffsetRange, ranges: dict[int, OffsetRange], gaps: tuple[str, ...]
) -> None:
    available = {0: OffsetRange(0, 5), 1: OffsetRange(10, 20)}
    assert by_offsets(available, 1, wanted) == Selection(ranges, gaps)


def test_by_offsets_of_no_partition() -> None:
    with pytest.raises(KeyError):
        by_offsets({0: OffsetRange(0, 5)}, 7, OffsetRange(0, 1))


def test_by_time_warns_where_the_first_record_left_is_the_first_selected() -> None:
    available = {0: OffsetRange(0, 50), 1: OffsetRange(10, 50), 2: OffsetRange(10, 50)}
    selection = by_time(available, {0: 0, 1: 10, 2: 30}, {0: 50, 1: 20, 2: 30})

    assert selection == Selection(
        {0: OffsetRange(0, 50), 1: OffsetRange(10, 20)},
        (
            "partition 1: retention has removed the records below offset 10; "
            "those of them that lie in this time cannot be replayed",
        ),
    )
    assert selection.records == 60


ranges = st.dictionaries(
    st.integers(0, 5),
    st.tuples(st.integers(0, 50), st.integers(0, 60)).map(lambda t: OffsetRange(t[0], t[0] + t[1])),
    max_size=4,
)


@given(ranges, st.integers(1, 40))
def test_chunks_hold_every_offset_once_and_none_is_too_large(
    wanted: dict[int, OffsetRange], records: int
) -> None:
    parts = list(chunks(wanted, records))

    sizes = [sum(part.until - part.start for part in chunk.values()) for chunk in parts]
    assert all(size == records for size in sizes[:-1])
    assert all(0 < size <= records for size in sizes)
    read = [
        (partition, offset)
        for chunk in parts
        for partition, part in chunk.items()
        for offset in range(part.start, part.until)
    ]
    assert read == [
        (partition, offset)
        for partition, offsets in sorted(wanted.items())
        for offset in range(offsets.start, offsets.until)
    ]
