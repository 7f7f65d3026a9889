"""Times as files write them: clocks, counts, dates of no market."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from tests.unit.stream.files.samples import decoded, told, write, zipped

NAMES = "time,open,high,low,close,volume"
KNOWN = Answers(symbol="AAPL", interval="1min", zone="America/New_York", label="start", basis="raw")
GOOD = "2026-11-27 09:30:00"


def _times(folder: Path, answers: Answers, *times: str) -> list[object]:
    """Return the starts of the bars at these times, or the reasons why there are none."""
    rows = [f"{time},10.5,11,10,10.75,1200" for time in times]
    found = decoded(write(folder, "x.csv", NAMES, *rows), answers)
    return [row.bar.exchange_time if row.bar else row.reason for row in found]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "UTC", "Asia/Tokyo"])
@pytest.mark.parametrize(
    "time",
    [
        "0001-01-01 00:00:00", "9999-12-31 23:59:00", "1970-01-01 00:00", "2038-01-02 00:00",
        "00010101 000000", "9999-12-31T23:59Z", "0001-01-01 00:00:00+14:00",
        "9999-12-31 23:59:00-12:00", "1900-01-01 00:00",
    ],
)  # fmt: skip
def test_a_date_that_stands_for_none_is_out_of_range(tmp_path: Path, zone: str, time: str) -> None:
    answers = replace(KNOWN, zone=zone)

    assert _times(tmp_path, answers, GOOD, time)[1:] == ["time_out_of_range"]
    assert _times(tmp_path, replace(answers, interval="1d"), GOOD, time)[1:] == [
        "time_out_of_range"
    ]


@pytest.mark.parametrize("day", ["00010101", "99991231"])
def test_a_name_with_a_date_that_stands_for_none_is_out_of_range(tmp_path: Path, day: str) -> None:
    line = "34200000,105000,110000,100000,107500,1200\n"
    path = zipped(tmp_path, "equity/usa/x.zip", {f"{day}_aapl_minute_trade.csv": line})

    assert [told(row) for row in decoded(path)] == ["time_out_of_range"]


@pytest.mark.parametrize(
    ("zone", "time", "start"),
    [
        ("America/New_York", "1970-12-31 19:00", "1971-01-01 00:00:00"),
        ("America/New_York", "1970-12-31 18:59", "time_out_of_range"),
        ("Asia/Tokyo", "1971-01-01 00:00", "time_out_of_range"),
    ],
)
def test_the_years_are_those_of_utc(tmp_path: Path, zone: str, time: str, start: str) -> None:
    assert _times(tmp_path, replace(KNOWN, zone=zone), GOOD, time)[1:] == [start]


@pytest.mark.parametrize(
    ("times", "starts"),
    [
        (("9:30", "09:31", "10:00"), ("14:30", "14:31", "15:00")),
        (("9:30:00", "9:31:00.000", "0931"), ("14:30", "14:31", "14:31")),
    ],
)
def test_an_hour_may_have_one_digit(
    tmp_path: Path, times: tuple[str, ...], starts: tuple[str, ...]
) -> None:
    found = _times(tmp_path, KNOWN, *(f"2026-11-27 {time}" for time in times))

    assert found == [f"2026-11-27 {start}:00" for start in starts]


@pytest.mark.parametrize("time", ["930", "9", "9:3", "24:00", "9:60"])
def test_what_is_no_clock_is_none(tmp_path: Path, time: str) -> None:
    assert _times(tmp_path, KNOWN, GOOD, f"2026-11-27 {time}")[1:] == ["bad_exchange_time"]


def test_months_and_days_may_have_one_digit(tmp_path: Path) -> None:
    times = ("2026-3-2 9:30", "2026/3/12 9:30", "2026.11.2 09:30", "2026-13-2 9:30", "202632 9:30")

    assert _times(tmp_path, KNOWN, *times) == [
        *("2026-03-02 14:30:00", "2026-03-12 13:30:00", "2026-11-02 14:30:00"),
        *("bad_exchange_time", "bad_exchange_time"),
    ]


@pytest.mark.parametrize(
    ("times", "interval", "starts"),
    [
        (("202401020000", "202401030000"), "1d", ["2024-01-02", "2024-01-03"]),
        (("202401020930", "202401021430"), "1min", ["2024-01-02 14:30:00", "2024-01-02 19:30:00"]),
        (("20240102093000", "20240102093007"), "1min", ["2024-01-02 14:30:00", "unaligned_time"]),
        (("202401020930", "202413020930"), "1min", ["2024-01-02 14:30:00", "bad_exchange_time"]),
    ],
)
def test_a_date_and_a_clock_without_a_space_are_no_count(
    tmp_path: Path, times: tuple[str, ...], interval: str, starts: list[str]
) -> None:
    assert _times(tmp_path, replace(KNOWN, interval=interval), *times) == starts


def test_a_count_stays_one_where_its_digits_look_like_a_date(tmp_path: Path) -> None:
    # Milliseconds, the second of which could be the midnight of 1975-01-04.
    times = ("197500980000", "197501040000")
    answers = replace(KNOWN, zone=None)

    assert _times(tmp_path, answers, *times) == [
        "1976-04-04 21:23:00",
        "1976-04-04 21:24:00",
    ]
    layout = recognise(tmp_path / "x.csv", answers).layout
    assert layout.ticks_per_second == 1000
