"""Rows whose bars are not of the interval that is told: by their own cell, or by their start."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.stream.files.layout import Answers
from tests.unit.stream.files.samples import decoded, write, zipped

STOOQ = "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>"
DATABENTO = "ts_event,rtype,publisher_id,instrument_id,open,high,low,close,volume,symbol"


def _read(path: Path, answers: Answers) -> list[tuple[str, str] | str | None]:
    return [
        row.reason if row.bar is None else (row.bar.interval, row.bar.exchange_time)
        for row in decoded(path, answers)
    ]


def test_a_row_that_tells_its_interval_is_of_no_other(tmp_path: Path) -> None:
    answers = Answers(interval="60min", zone="Etc/UTC", label="start", basis="raw")
    stooq = write(
        tmp_path,
        *("a.txt", STOOQ),
        "AAPL.US,60,20261127,150000,10,12,9,11,5,0",
        "AAPL.US,5,20261127,150000,10,12,9,11,5,0",
        "AAPL.US,7,20261127,150000,10,12,9,11,5,0",
    )
    databento = write(
        tmp_path,
        *("b.csv", DATABENTO),
        "2026-11-27T15:00:00.000000000Z,34,1,2,10,12,9,11,5,AAPL",
        "2026-11-27T15:00:00.000000000Z,33,1,2,10,12,9,11,5,AAPL",
        "2026-11-27T15:00:00.000000000Z,35,1,2,10,12,9,11,5,AAPL",
    )
    good = ("60min", "2026-11-27 15:00:00")

    assert _read(stooq, answers) == [good, "other_interval", "bad_interval"]
    assert _read(databento, answers) == [good, "other_interval", "other_interval"]


@pytest.mark.parametrize(
    ("interval", "refused"),
    [
        ("1min", []),
        ("5min", ["09:33", "09:48"]),
        ("15min", ["09:33", "09:48", "15:55"]),
        ("30min", ["09:33", "09:48", "15:55"]),
        ("60min", ["09:33", "09:48", "15:55"]),
    ],
)
def test_a_bar_starts_at_a_multiple_of_its_interval_or_a_quarter_of_an_hour(
    tmp_path: Path, interval: str, refused: list[str]
) -> None:
    clocks = ["09:15", "09:30", "09:33", "09:45", "09:48", "10:00", "15:55"]
    rows = (f"2026-11-27 {clock},10,12,9,11" for clock in clocks)
    path = write(tmp_path, "x.csv", "time,open,high,low,close", *rows)
    for zone in ("America/New_York", "Asia/Kolkata", "Asia/Kathmandu"):
        told = Answers(symbol="AAPL", interval=interval, zone=zone, label="start", basis="raw")

        found = dict(zip(clocks, decoded(path, told), strict=True))

        reasons = {clock: row.reason for clock, row in found.items() if row.bar is None}
        assert reasons == dict.fromkeys(refused, "unaligned_time")


def test_minutes_since_midnight_told_to_be_days_are_of_their_file_s_day(tmp_path: Path) -> None:
    rows = "34200000,100000,120000,90000,110000,5\n34260000,100000,120000,90000,110000,5\n"
    path = zipped(
        tmp_path, "equity/usa/minute/aapl/20261127_trade.zip",
        {"20261127_aapl_minute_trade.csv": rows},
    )  # fmt: skip

    assert _read(path, Answers(interval="1d")) == [("1d", "2026-11-27"), ("1d", "2026-11-27")]
