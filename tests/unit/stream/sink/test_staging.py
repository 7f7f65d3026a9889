"""Arrow batches of outcomes: counted, cut into COPY's bytes, and refused records picked out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.stream.records import RejectedRecord
from services.stream.sink.offset_ledger import Tally
from services.stream.sink.staging import (
    OUTCOME_SCHEMA,
    ROW_SCHEMA,
    is_binary,
    line_buffer,
    newest,
    rejected_records,
    tally,
    total,
    without_bytes,
)

T0 = datetime(2025, 11, 6, 21, 0, 0, 123456, tzinfo=UTC)
T0_MS = 1762462800123


def outcome(partition: int, offset: int, line: str | None, seconds: int = 0) -> dict[str, Any]:
    bad = line is None
    return {
        "partition": partition,
        "offset": offset,
        "kafka_timestamp": T0 + timedelta(seconds=seconds),
        "bar_key": None if line is None else f"bar {line.strip()}",
        "observed_at": None if bad else T0 + timedelta(seconds=seconds),
        "line": line,
        "reason": "bad_price" if bad else None,
        "key": b"AAPL" if bad else None,
        "value": f"value {offset}".encode() if bad else None,
    }


def batch(*rows: dict[str, Any]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=OUTCOME_SCHEMA)


MIXED = batch(
    outcome(0, 0, "a\n", seconds=9),
    outcome(0, 1, None, seconds=5),
    outcome(3, 7, "bb\n", seconds=1),
    outcome(0, 2, "ccc\n", seconds=7),
    outcome(5, 0, None, seconds=2),
)


def test_a_batch_is_counted_per_partition_with_its_oldest_time() -> None:
    assert tally(MIXED) == {
        0: Tally(good=2, bad=1, oldest_ms=T0_MS + 5000),
        3: Tally(good=1, bad=0, oldest_ms=T0_MS + 1000),
        5: Tally(good=0, bad=1, oldest_ms=T0_MS + 2000),
    }


def test_a_slice_counts_only_its_own_rows() -> None:
    assert tally(MIXED.slice(1, 2)) == {
        0: Tally(good=0, bad=1, oldest_ms=T0_MS + 5000),
        3: Tally(good=1, bad=0, oldest_ms=T0_MS + 1000),
    }
    assert tally(MIXED.slice(2, 0)) == {}


@pytest.mark.parametrize(
    ("start", "length", "text"),
    [
        pytest.param(0, 5, b"a\nbb\nccc\n", id="whole"),
        pytest.param(1, 3, b"bb\nccc\n", id="slice"),
        pytest.param(3, 1, b"ccc\n", id="one row"),
        pytest.param(1, 1, b"", id="a null line"),
        pytest.param(2, 0, b"", id="no row"),
        pytest.param(4, 1, b"", id="a null at the end"),
    ],
)
def test_the_lines_are_one_buffer_of_whole_lines(start: int, length: int, text: bytes) -> None:
    lines = MIXED.slice(start, length).column("line")
    assert bytes(line_buffer(lines)) == text


@given(st.lists(st.none() | st.text(max_size=8).map(lambda text: text + "\n")), st.data())
def test_any_slice_of_any_lines_is_their_concatenation(
    lines: list[str | None], data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(lines)))
    length = data.draw(st.integers(0, len(lines) - start))
    array = pa.array(["", *lines, ""], pa.string()).slice(start + 1, length)

    wanted = "".join(line or "" for line in lines[start : start + length])
    assert bytes(line_buffer(array)) == wanted.encode()


def test_an_array_without_any_text_has_an_empty_buffer() -> None:
    assert bytes(line_buffer(pa.array([None, None], pa.string()))) == b""
    assert bytes(line_buffer(pa.array([], pa.string()))) == b""


def test_rows_of_the_binary_format_are_told_by_their_type_and_are_one_buffer_too() -> None:
    rows = pa.array([b"first", b"second", b"third"], pa.binary())
    assert is_binary(rows)
    assert not is_binary(MIXED.column("line"))
    assert bytes(line_buffer(rows.slice(1))) == b"secondthird"


def test_refused_records_keep_their_bytes_and_their_origin() -> None:
    tail = MIXED.slice(1)
    assert list(rejected_records(tail)) == [
        RejectedRecord(0, 1, T0 + timedelta(seconds=5), b"AAPL", b"value 1", "bad_price"),
        RejectedRecord(5, 0, T0 + timedelta(seconds=2), b"AAPL", b"value 0", "bad_price"),
    ]
    assert list(rejected_records(batch(outcome(0, 0, "a\n")))) == []


@pytest.mark.parametrize("schema", [OUTCOME_SCHEMA, ROW_SCHEMA], ids=["lines", "rows"])
def test_the_bytes_of_records_are_left_behind(schema: pa.Schema) -> None:
    left = without_bytes(pa.RecordBatch.from_pylist([], schema))
    assert left.schema.names == [name for name in schema.names if name not in ("key", "value")]
    assert without_bytes(left).schema == left.schema


def test_totals_keep_the_partitions_of_both() -> None:
    assert total({0: Tally(1)}, {0: Tally(2, 1), 1: Tally(3)}) == {0: Tally(3, 1), 1: Tally(3)}


@given(st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=30), st.integers(0, 30))
def test_a_batch_cut_in_two_counts_the_same(rows: list[tuple[int, bool]], cut: int) -> None:
    whole = batch(
        *(outcome(part, i, "x\n" if good else None, i) for i, (part, good) in enumerate(rows))
    )
    assert total(tally(whole.slice(0, cut)), tally(whole.slice(cut))) == tally(whole)


ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.booleans()), max_size=30)


@given(ROWS)
def test_of_each_bar_the_newest_remains_in_the_order_of_keys(
    rows: list[tuple[str, int, bool]],
) -> None:
    whole = batch(
        *(
            outcome(0, offset, f"{name}\n" if good else None, seconds)
            for offset, (name, seconds, good) in enumerate(rows)
        )
    )
    winners: dict[str, tuple[int, int]] = {}
    for offset, (name, seconds, good) in enumerate(rows):
        if good:
            winners[name] = max(winners.get(name, (0, -1)), (seconds, offset))

    found = newest(whole)

    assert [(row["line"], row["offset"]) for row in found.to_pylist()] == [
        (f"{name}\n", winners[name][1]) for name in sorted(winners)
    ]
