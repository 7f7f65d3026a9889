"""What looks wrong in files before they are imported."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from services.stream.files.layout import Answers
from services.stream.files.recognise import recognise
from services.stream.importing.checks import Split, StoredBar, warnings
from services.stream.importing.sources import Source
from services.stream.importing.survey import survey
from tests.unit.stream.files.samples import SEEN, write

SPLIT = Split(date(2026, 8, 31), Decimal(4))
NOTHING: dict[tuple[str, str], StoredBar] = {}


def _warned(
    path: Path,
    answers: Answers,
    splits: list[Split] | None = None,
    stored: dict[tuple[str, str], StoredBar] = NOTHING,
) -> list[str]:
    layout = recognise(path, answers).layout
    by_symbol = {"AAPL": splits or []}
    days = {symbol: [each.ex_date for each in of] for symbol, of in by_symbol.items()}
    found = survey(Source(path, "file:x", 0, SEEN, layout), days, SEEN)
    return warnings(path.name, found, by_symbol, stored)


def _minutes(folder: Path, first: datetime) -> Path:
    lines = [
        f"{first + timedelta(minutes=minute)},10.5,11,10,10.75,{minute}" for minute in range(390)
    ]
    return write(folder, "x.csv", "time,open,high,low,close,volume", *lines)


def _minute_answers(label: str, zone: str = "America/New_York") -> Answers:
    return Answers(symbol="AAPL", interval="1min", zone=zone, label=label, basis="raw")


def test_ends_taken_for_starts_are_told_by_the_first_and_the_last_minute(tmp_path: Path) -> None:
    path = _minutes(tmp_path, datetime(2026, 11, 25, 9, 31))  # noqa: DTZ001 - a file's own clock

    assert _warned(path, _minute_answers("end")) == []
    assert _warned(path, _minute_answers("start")) == [
        "x.csv: AAPL 1min: no bar starts at 09:30 but 1 at 16:00: its times look like the ends of "
        "bars (--label end)"
    ]


def test_another_clock_is_told_by_the_exchanges_hours(tmp_path: Path) -> None:
    path = _minutes(tmp_path, datetime(2026, 11, 25, 9, 30))  # noqa: DTZ001 - a file's own clock

    assert _warned(path, _minute_answers("start")) == []
    assert _warned(path, _minute_answers("start", "Asia/Tokyo")) == [
        "x.csv: AAPL 1min: 390 of 390 bars are outside of the exchange's hours (09:30 to 16:00): "
        "is --zone right?"
    ]


def test_a_market_without_hours_has_no_first_minute(tmp_path: Path) -> None:
    path = _minutes(tmp_path, datetime(2026, 11, 25, 1, 31))  # noqa: DTZ001 - a file's own clock

    assert _warned(path, replace(_minute_answers("start"), symbol="FX:EUR/USD")) == []


@pytest.mark.parametrize(
    ("before", "basis", "said"),
    [
        ("499.23", "raw", None),
        ("124.8075", "split", None),
        ("124.8075", "raw", "from 124.8075 to 129.04: its prices look adjusted (--basis)"),
        ("499.23", "split", "from 499.23 to 129.04: its prices look raw (--basis)"),
    ],
)
def test_a_known_split_tells_raw_prices_from_adjusted_ones(
    tmp_path: Path, before: str, basis: str, said: str | None
) -> None:
    rows = (f"2026-08-28,{before},{before},{before},{before}", "2026-08-31,129,130,128,129.04")
    path = write(tmp_path, "x.csv", "date,open,high,low,close", *rows)
    answers = Answers(symbol="AAPL", basis=basis, as_of=None if basis == "raw" else SEEN.date())

    head = "x.csv: AAPL 1d: over the split of 2026-08-31 (4 for 1) its close goes "
    assert _warned(path, answers, [SPLIT]) == ([] if said is None else [head + said])


@pytest.mark.parametrize(
    ("mine", "close", "basis", "said"),
    [
        ("raw", "120", "raw", []),
        (
            "raw",
            "12000",
            "raw",
            [
                "its last close is 129.04, the stored one of 2026-08-31 next to it 12000: is the "
                "--unit right, and the --symbol?"
            ],
        ),
        (
            "raw",
            "120",
            "adjusted 2026-11-28",
            ["its prices are raw, stored ones adjusted 2026-11-28: they cannot be compared"],
        ),
        ("total", "120", "adjusted 2026-11-28", []),
        ("total", "120", "unknown", []),
        (
            "split",
            "120",
            "adjusted 2026-11-28",
            [
                "its prices are split 2026-11-28, stored ones adjusted 2026-11-28: they cannot be "
                "compared"
            ],
        ),
    ],
)
def test_prices_go_on_from_stored_ones(
    tmp_path: Path, mine: str, close: str, basis: str, said: list[str]
) -> None:
    path = write(tmp_path, "x.csv", "date,open,high,low,close", "2026-08-31,129,130,128,129.04")
    stored = {("AAPL", "1d"): StoredBar(date(2026, 8, 31), Decimal(close), basis)}

    answers = Answers(symbol="AAPL", basis=mine, as_of=date(2026, 11, 28))

    found = _warned(path, answers, stored=stored)

    assert found == [f"x.csv: AAPL 1d: {each}" for each in said]


def _spaced(folder: Path, minutes: int, count: int, name: str = "x.csv") -> Path:
    first = datetime(2026, 11, 2, 9, 30)  # noqa: DTZ001 - a file's own clock
    times = (first + timedelta(minutes=minutes * bar) for bar in range(count))
    return write(folder, name, "time,open,high,low,close", *(f"{at},10,11,9,10" for at in times))


@pytest.mark.parametrize(
    ("minutes", "interval", "said"),
    [
        (1, "1min", []),
        (5, "5min", []),
        (60, "60min", []),
        (24 * 60, "1d", []),
        (5, "1min", ["6 of 6 rows are 5 minutes apart: are they bars of 1min?"]),
        (15, "60min", ["6 of 6 rows are 15 minutes apart: are they bars of 60min?"]),
        (1, "1d", ["6 of 6 rows have the same start as the row before: are they bars of 1d?"]),
        (7 * 24 * 60, "1d", ["3 of 3 rows are 7 days apart: are they bars of 1d?"]),
    ],
)
def test_another_interval_is_told_by_the_steps_between_bars(
    tmp_path: Path, minutes: int, interval: str, said: list[str]
) -> None:
    path = _spaced(tmp_path, minutes, 4 if minutes > 24 * 60 else 7)

    found = _warned(path, replace(_minute_answers("start"), interval=interval))

    assert found == [f"x.csv: AAPL {interval}: {each}" for each in said]


def test_bars_of_a_share_that_is_seldom_traded_and_rows_in_disorder_are_not_warned_of(
    tmp_path: Path,
) -> None:
    minutes = {"seldom.csv": (30, 31, 34, 36, 37, 44, 45, 52), "disorder.csv": (42, 30, 37, 59, 33)}
    for name, chosen in minutes.items():
        rows = (f"2026-11-25 09:{minute}:00,10,11,9,10" for minute in chosen)
        path = write(tmp_path, name, "time,open,high,low,close", *rows)

        assert _warned(path, _minute_answers("start")) == []
