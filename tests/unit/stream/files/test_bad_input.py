"""What goes wrong in the rows of a file, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from services.stream.files.layout import Answers, Layout
from tests.unit.stream.files.samples import daily_answer, decoded, told, write, zipped

NAMES = "time,open,high,low,close,volume"
ROW = "2026-11-27 09:30:00,10.5,11,10,10.75,1200"
KNOWN = Answers(symbol="AAPL", interval="1min", zone="America/New_York", label="start", basis="raw")
COUNTED = replace(KNOWN, zone=None)
GOOD = "2026-11-27 09:31:00"
FIRST = ("AAPL", "1min", "2026-11-27 14:30:00", "UTC", "10.5", "10.75", "1200")


def _at(time: str, values: str = "10.5,11,10,10.75,1200") -> str:
    return f"{time},{values}"


@pytest.mark.parametrize(
    ("lines", "end", "results"),
    [
        ((ROW,), "\n", [FIRST]),
        ((NAMES, ROW), "\n", [FIRST]),
        ((NAMES, ROW), "\r\n", [FIRST]),
        (("\ufeff" + NAMES, ROW), "\r\n", [FIRST]),
        ((NAMES, "", ROW, "  "), "\n", [FIRST]),
        ((NAMES, ROW, NAMES, ROW), "\n", [FIRST, "repeated_header", FIRST]),
        ((NAMES, '"2026-11-27 09:30:00","10.5","11","10","10.75","1200"'), "\n", [FIRST]),
        ((NAMES, ROW, ROW[:-10]), "\n", [FIRST, "missing_field"]),
        ((NAMES, ROW, "one,two"), "\n", [FIRST, "missing_field"]),
        ((NAMES, _at("2026-11-01 01:30:00")), "\n", ["ambiguous_time"]),
        ((NAMES, _at("2026-03-08 02:30:00")), "\n", ["nonexistent_time"]),
        ((NAMES, _at("2026-11-27 09:30:10")), "\n", ["unaligned_time"]),
        ((NAMES, ROW, _at("2026-13-27 09:30:00")), "\n", [FIRST, "bad_exchange_time"]),
        ((NAMES, ROW, _at("2026-11-27")), "\n", [FIRST, "bad_exchange_time"]),
        ((NAMES, ROW, _at("1969-11-27 09:30:00")), "\n", [FIRST, "time_out_of_range"]),
        (
            (NAMES, ROW, _at("2026-11-27 09:31:00", "10,9,8,7,1")),
            "\n",
            [FIRST, "inconsistent_ohlc"],
        ),
        ((NAMES, ROW, _at("2026-11-27 09:31:00", "0,1,0,1,1")), "\n", [FIRST, "nonpositive_price"]),
        ((NAMES, ROW, _at("2026-11-27 09:31:00", "x,1,0,1,1")), "\n", [FIRST, "bad_price"]),
        ((NAMES, ROW, _at("2026-11-27 09:31:00", "-1,1,-1,1,1")), "\n", [FIRST, "bad_price"]),
        ((NAMES, ROW, _at("2026-11-27 09:31:00", "1,1,1,1,-5")), "\n", [FIRST, "bad_volume"]),
    ],
)
def test_each_row_is_a_bar_or_has_a_reason(
    tmp_path: Path, lines: tuple[str, ...], end: str, results: list[object]
) -> None:
    answers = KNOWN
    if lines[0] == ROW:
        answers = replace(KNOWN, columns=tuple(NAMES.split(",")))

    found = decoded(write(tmp_path, "x.csv", *lines, end=end), answers)

    assert [told(row) for row in found] == results
    assert [row.number for row in found] == list(range(len(results)))


def test_tells_file_and_line_of_each_row(tmp_path: Path) -> None:
    path = zipped(tmp_path, "two.zip", {"a.csv": f"{NAMES}\n\n{ROW}\n", "b.csv": f"{NAMES}\n{ROW}"})

    assert [(row.member, row.line, row.raw.decode()) for row in decoded(path, KNOWN)] == [
        ("a.csv", 3, ROW),
        ("b.csv", 2, ROW),
    ]


def test_a_row_that_the_end_of_the_file_cuts_is_told_from_a_short_one(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", NAMES, ROW, end="\n")
    path.write_bytes(path.read_bytes() + b"2026-11-27 09:31:00,10.5,11")

    assert [told(row) for row in decoded(path, KNOWN)] == [FIRST, "truncated_row"]


def test_bytes_that_are_no_utf8_are_kept_as_they_stand(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", NAMES, ROW)
    path.write_bytes(path.read_bytes() + b"2026-11-27 09:31:00,10.5\xff,11,10,10.75,1200\n")

    [_, broken] = decoded(path, KNOWN)

    assert (broken.reason, broken.raw) == (
        "invalid_utf8",
        b"2026-11-27 09:31:00,10.5\xff,11,10,10.75,1200",
    )


@pytest.mark.parametrize("text", ["2026-11-27 09:31:00", "2026-11-27 16:00:00"])
def test_the_end_of_a_bar_becomes_its_start(tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "x.csv", NAMES, _at(text))

    [row] = decoded(path, replace(KNOWN, label="end"))

    assert row.bar is not None
    assert (
        row.bar.exchange_time
        == {
            "2026-11-27 09:31:00": "2026-11-27 14:30:00",
            "2026-11-27 16:00:00": "2026-11-27 20:59:00",
        }[text]
    )


def test_milliseconds_and_microseconds_are_not_mixed(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", NAMES, _at("1795789800000"), _at("1795789860000000"))

    assert [told(row) for row in decoded(path, COUNTED)] == [FIRST, "mixed_time_units"]


def test_histdata_keeps_its_clock_through_the_summer(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", "20260706 093000;1.1;1.2;1.0;1.1;0")

    [row] = decoded(path, Answers(symbol="EURUSD"))

    assert row.bar is not None
    assert row.bar.exchange_time == "2026-07-06 14:30:00"


def test_a_bar_that_the_file_is_too_old_to_have_seen_to_its_end_is_not_final(
    tmp_path: Path,
) -> None:
    path = write(
        tmp_path, "x.csv", NAMES, ROW, _at("2026-11-28 06:59:00"), _at("2026-11-28 07:00:00")
    )

    assert [row.bar.is_final for row in decoded(path, KNOWN) if row.bar] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "unit", "digits"),
    [
        ("10.50000000000", "1", "10.50000000000"),
        (".5", "1", "0.5"),
        ("1e-5", "1", "0.00001"),
        ("1.25E+2", "1", "125"),
        ("6455700", "0.0001", "645.57"),
        ("187500000001", "0.000000001", "187.500000001"),
    ],
)
def test_digits_are_exact(tmp_path: Path, text: str, unit: str, digits: str) -> None:
    path = write(
        tmp_path, "x.csv", NAMES, _at("2026-11-27 09:30:00", f"{text},{text},{text},{text},1")
    )

    [row] = decoded(path, replace(KNOWN, unit=Decimal(unit)))

    assert row.bar is not None
    assert row.bar.ohlcv.open == digits


@pytest.mark.parametrize("number", ["9" * 40 + "e99", "1e99", "1e-99", "9" * 40])
def test_a_number_of_no_market_is_refused(tmp_path: Path, number: str) -> None:
    prices, volume = _at(GOOD, f"{number},11,10,10.75,1"), _at(GOOD, f"10.5,11,10,10.75,{number}")
    path = write(tmp_path, "x.csv", NAMES, ROW, prices, volume)
    # Rounded to four decimals, so little is nothing.
    results = ["nonpositive_price", ("0",)] if number == "1e-99" else ["bad_price", "bad_volume"]

    found = [told(row) for row in decoded(path, replace(KNOWN, decimals=4))]

    assert [each if isinstance(each, str) else (each or ())[-1:] for each in found[1:]] == results


def test_days_of_an_adjusted_file_say_as_of_when(tmp_path: Path) -> None:
    path = write(tmp_path, "x.csv", NAMES, ROW)
    answers = replace(KNOWN, basis="total", as_of=date(2026, 11, 28))

    [row] = decoded(path, answers)

    assert row.bar is not None
    assert (row.bar.adjusted, row.bar.adjusted_as_of) == (True, "2026-11-28")


def test_letters_of_a_symbol_keep_their_case(tmp_path: Path) -> None:
    header = "ticker,volume,open,close,high,low,window_start,transactions"
    path = write(tmp_path, "minute_aggs.csv", header, "ABRpD,1,10,10,10,10,1795789800000000000,1")

    assert [told(row) for row in decoded(path)] == ["bad_symbol"]


def test_a_file_of_two_instruments_is_not_one_symbol(tmp_path: Path) -> None:
    header = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume"
    rows = [f"1795789800000000000,33,2,{each},10.5,11,10,10.75,1200" for each in (38, 39)]
    path = write(tmp_path, "x.csv", header, *rows)

    assert [told(row) for row in decoded(path, Answers(symbol="AAPL"))] == [
        FIRST,
        "other_instrument",
    ]


def test_an_answer_keeps_its_digits_and_its_order(tmp_path: Path) -> None:
    path = write(tmp_path, "a.json", daily_answer(d2026_11_27="10.7500", d2026_11_26="10.25"))

    assert [told(row) for row in decoded(path)] == [
        ("IBM", "1d", "2026-11-27", "America/New_York", "10.5", "10.7500", "1200"),
        ("IBM", "1d", "2026-11-26", "America/New_York", "10.5", "10.25", "1200"),
    ]


def test_the_layout_says_how_it_is_understood() -> None:
    layout = Layout("kibot", {"time": 0}, symbol="AAPL", interval="1min", zone="UTC", label="start")

    assert layout.described() == (
        "kibot: symbol AAPL, interval 1min, clock UTC, label start, basis None, unit 1"
    )
