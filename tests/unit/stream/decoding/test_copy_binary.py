"""A row of COPY's binary format, byte by byte as PostgreSQL's documentation wants it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.stream.decoding import copy_binary


def field(content: str) -> bytes:
    """Return the length and the bytes, which are given as hexadecimal digits."""
    raw = bytes.fromhex(content)
    return len(raw).to_bytes(4, "big") + raw


def test_what_stands_before_the_first_row_and_after_the_last() -> None:
    assert copy_binary.HEADER == b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0"
    assert copy_binary.TRAILER == b"\xff\xff"


def test_the_head_names_the_symbol() -> None:
    assert copy_binary.head("BRK-B") == bytes.fromhex("00000005") + b"BRK-B"


def test_a_start_is_microseconds_and_days_since_2000() -> None:
    begin = datetime(2000, 1, 2, 0, 0, 1, tzinfo=UTC)
    assert copy_binary.start("1min", begin, date(2000, 1, 2)) == b"".join(
        (field("316d696e"), field("000000141DE6A240"), field("00000001"))
    )
    before = copy_binary.start("1d", datetime(1999, 12, 31, tzinfo=UTC), date(1999, 12, 31))
    assert before == b"".join((field("3164"), field("FFFFFFEBE228A000"), field("FFFFFFFF")))


def test_an_origin_is_three_words_and_a_flag() -> None:
    assert copy_binary.origin("a", "bc", "raw", is_final=False) == b"".join(
        (field("61"), field("6263"), field("726177"), field("00"))
    )


SEEN = pa.array([datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC)], pa.timestamp("us", "UTC"))
PLACE = (pa.array([3], pa.int32()), pa.array([(1 << 40) + 1]))
ENDS = field("00000000000F4240"), field("00000003"), field("0000010000000001")


def test_numbers_are_digits_in_base_ten_thousand_with_the_decimals_that_were_sent() -> None:
    prices = copy_binary.numbers(
        *(pa.array([price]) for price in ("99999999.99999999", "1", "0.00000001", "12345.6780"))
    )
    volume = copy_binary.numbers(pa.array(["6321507.562155"]))
    [row] = copy_binary.values(prices, volume, SEEN, *PLACE).to_pylist()
    assert row == b"".join(
        (
            field("0005 0002 0000 0008 0000 270F 270F 270F 270F"),
            field("0005 0002 0000 0000 0000 0000 0001 0000 0000"),
            field("0005 0002 0000 0008 0000 0000 0000 0000 0001"),
            field("0005 0002 0000 0004 0000 0001 0929 1A7C 0000"),
            field("0005 0002 0000 0006 0000 0278 05E3 15F5 157C"),
            *ENDS,
        )
    )


def test_numbers_of_any_length_are_digits_alike() -> None:
    prices = copy_binary.long_numbers(
        *(pa.array([price]) for price in ("123456789012.0000000001", "1", "0.5", "2.50"))
    )
    volume = copy_binary.long_numbers(pa.array(["8563948173623.00000000"]))
    [row] = copy_binary.values(prices, volume, SEEN, *PLACE).to_pylist()
    assert row == b"".join(
        (
            field("0006 0002 0000 000A 04D2 162E 2334 0000 0000 0064"),
            field("0006 0002 0000 0000 0000 0000 0001 0000 0000 0000"),
            field("0006 0002 0000 0001 0000 0000 0000 1388 0000 0000"),
            field("0006 0002 0000 0002 0000 0000 0002 1388 0000 0000"),
            field("0006 0003 0000 0008 0008 1607 12D1 0E27 0000 0000"),
            *ENDS,
        )
    )


def test_a_volume_that_nobody_tells_is_null() -> None:
    prices = copy_binary.numbers(*([pa.array(["1"])] * 4))
    [row] = copy_binary.values(prices, None, SEEN, *PLACE).to_pylist()
    one = field("0005 0004 0000 0000 0000 0000 0000 0000 0001")
    assert row == b"".join((*([one] * 4), bytes.fromhex("FFFFFFFF"), *ENDS))


@settings(deadline=None)  # of a machine that is busy
@given(
    st.lists(
        st.lists(
            st.from_regex(r"[0-9]{1,12}(\.[0-9]{1,12})?", fullmatch=True), min_size=2, max_size=2
        ),
        min_size=1,
        max_size=8,
    )
)
def test_numbers_are_read_exactly_or_not_at_all(rows: list[list[str]]) -> None:
    columns = [pa.array(column) for column in zip(*rows, strict=True)]
    decimals = max(len(text.partition(".")[2]) for row in rows for text in row)
    places = -(-decimals // 4)
    values = [[Decimal(text) for text in row] for row in rows]
    if max(max(row) for row in values) >= Decimal(10) ** (18 - 4 * places):
        with pytest.raises(pa.ArrowInvalid):
            copy_binary.numbers(*columns)
        return
    read = copy_binary.numbers(*columns)
    assert read.places == places
    assert [[Decimal(unit).scaleb(-4 * places) for unit in row] for row in read.units.tolist()] == (
        values
    )
    assert read.scales.tolist() == [[len(text.partition(".")[2]) for text in row] for row in rows]


def test_numbers_of_a_part_of_an_array_are_read_alike() -> None:
    texts = pa.array(["0.000001", "9999999999.999999", "7.50000000", "3"]).slice(1)
    read = copy_binary.numbers(texts, texts)
    assert (read.places, read.units.tolist(), read.scales.tolist()) == (
        2,
        [[each, each] for each in (999_999_999_999_999_900, 750_000_000, 300_000_000)],
        [[6, 6], [8, 8], [0, 0]],
    )


def test_fields_are_joined_to_rows() -> None:
    first, second = (pa.array(each, pa.binary()) for each in ([b"a", b"b"], [b"\0", b"cd"]))
    assert copy_binary.joined(first, second).to_pylist() == [b"a\0", b"bcd"]
    assert copy_binary.joined(first).to_pylist() == [b"a", b"b"]


def test_rows_begin_with_the_number_of_their_fields() -> None:
    fields = pa.array([b"a", b"bc"], pa.binary())
    assert copy_binary.rows(fields).to_pylist() == [b"\0\x10a", b"\0\x10bc"]


def test_stamped_rows_say_that_they_were_inserted_and_updated_at_the_same_microsecond() -> None:
    moment = datetime(2000, 1, 1, 0, 0, 1, 1, tzinfo=UTC)
    stamp = field("00000000000F4241") * 2
    fields = pa.array([b"a", b"bc"], pa.binary())
    assert copy_binary.stamped_rows(fields, moment).to_pylist() == [
        b"\0\x12a" + stamp,
        b"\0\x12bc" + stamp,
    ]
