"""A row of COPY's binary format, byte by byte as PostgreSQL's documentation wants it."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pyarrow as pa

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


def test_an_origin_is_two_words_and_two_flags() -> None:
    assert copy_binary.origin("a", "bc", adjusted=True, is_final=False) == b"".join(
        (field("61"), field("6263"), field("01"), field("00"))
    )


def test_prices_are_five_digits_in_base_ten_thousand() -> None:
    prices = ["999999999999.999999", "1", "0.000001", "12345.6789"]
    [row] = copy_binary.values(
        copy_binary.millionths(*(pa.array([price]) for price in prices)),
        pa.array([258]),
        pa.array([datetime(2000, 1, 1, 0, 0, 1, tzinfo=UTC)], pa.timestamp("us", "UTC")),
        pa.array([3], pa.int32()),
        pa.array([(1 << 40) + 1]),
    ).to_pylist()
    head = "0005 0002 0000 0006"
    assert row == b"".join(
        (
            field(f"{head} 270F 270F 270F 270F 26AC"),
            field(f"{head} 0000 0000 0001 0000 0000"),
            field(f"{head} 0000 0000 0000 0000 0064"),
            field(f"{head} 0000 0001 0929 1A85 0000"),
            field("0000000000000102"),
            field("00000000000F4240"),
            field("00000003"),
            field("0000010000000001"),
        )
    )


def test_prices_become_whole_millionths_exactly() -> None:
    texts = pa.array(["0.000001", "999999999999.999999", "7.50000000000", "3"])
    assert copy_binary.millionths(texts.slice(1), texts.slice(1)).tolist() == [
        [each, each] for each in (999_999_999_999_999_999, 7_500_000, 3_000_000)
    ]


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
