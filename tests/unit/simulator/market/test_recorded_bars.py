"""Recorded bars come out in the very strings that they were recorded in."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from services.common.settings import SettingError
from services.simulator.market.bars import PrintedBar
from services.simulator.market.recorded_bars import RecordedBars, load_recordings
from services.simulator.market.trading_sessions import Sessions
from tests.unit.simulator.fakes import utc

HEADER = "symbol,interval,exchange_time,open,high,low,close,volume,exchange_tz"
LINES = """\
SPX,1min,2019-11-05 09:31:00,3080.330,3080.33,3079.15,3079.36,7,
SPX,1min,2019-11-05 09:29:00,3080.8,3081.4700,3080.3,3080.490,0,
SPX,1min,2019-11-05 09:30:00,3080.8,3081.4700,3080.3,3080.490,12,
SPX,1min,2019-11-05 16:00:00,3081,3082,3080,3081,5,
SPX,1min,2019-11-06 09:30:00,3075.1,3076,3075,3075.9,n/a,
TSCO.LON,1d,2019-11-05,240,241.5,239.9,241,900,Europe/London
"""
LATE = utc("2019-11-07T00:00:00")


def bar(*fields: str) -> PrintedBar:
    return PrintedBar(*fields)


PRE_OPEN = bar("2019-11-05 09:29:00", "3080.8", "3081.4700", "3080.3", "3080.490", "0")
FIRST = bar("2019-11-05 09:30:00", "3080.8", "3081.4700", "3080.3", "3080.490", "12")
SECOND = bar("2019-11-05 09:31:00", "3080.330", "3080.33", "3079.15", "3079.36", "7")
AFTER_CLOSE = bar("2019-11-05 16:00:00", "3081", "3082", "3080", "3081", "5")
NEXT_DAY = bar("2019-11-06 09:30:00", "3075.1", "3076", "3075", "3075.9", "n/a")


@pytest.fixture
def bars(tmp_path: Path, sessions: Sessions) -> RecordedBars:
    file = tmp_path / "bars.csv"
    file.write_text(f"{HEADER}\n{LINES}", encoding="utf-8")
    return RecordedBars(load_recordings(file), sessions)


def test_the_very_strings_newest_first(bars: RecordedBars) -> None:
    assert list(bars.intraday("SPX", 1, True, None, LATE)) == [
        NEXT_DAY,
        AFTER_CLOSE,
        SECOND,
        FIRST,
        PRE_OPEN,
    ]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2019-11-05T14:30:59", [FIRST, PRE_OPEN], id="begun"),
        pytest.param("2019-11-05T14:31:00", [SECOND, FIRST, PRE_OPEN], id="just_begun"),
        pytest.param("2019-11-05T14:28:59", [], id="nothing_yet"),
    ],
)
def test_only_bars_that_have_begun(
    bars: RecordedBars, now: str, expected: list[PrintedBar]
) -> None:
    assert list(bars.intraday("SPX", 1, True, None, utc(now))) == expected


def test_regular_hours(bars: RecordedBars) -> None:
    assert list(bars.intraday("SPX", 1, False, date(2019, 11, 5), LATE)) == [SECOND, FIRST]


def test_unrecorded_intervals_are_rolled_up_from_numbers(bars: RecordedBars) -> None:
    assert list(bars.intraday("SPX", 5, True, None, LATE)) == [
        AFTER_CLOSE,
        bar("2019-11-05 09:30:00", "3080.8", "3081.4700", "3079.15", "3079.36", "19"),
        bar("2019-11-05 09:25:00", "3080.8", "3081.4700", "3080.3", "3080.490", "0"),
    ]
    assert list(bars.daily("SPX", LATE)) == [
        bar("2019-11-05", "3080.8", "3081.4700", "3079.15", "3079.36", "19")
    ]


def test_daily_bars_on_another_clock(bars: RecordedBars) -> None:
    assert bars.zone("TSCO.LON") == "Europe/London"
    assert list(bars.daily("TSCO.LON", utc("2019-11-04T23:59:59"))) == []
    assert list(bars.daily("TSCO.LON", utc("2019-11-05T00:00:00"))) == [
        bar("2019-11-05", "240", "241.5", "239.9", "241", "900")
    ]
    assert list(bars.intraday("TSCO.LON", 5, True, None, LATE)) == []


def test_only_recorded_symbols_exist(bars: RecordedBars) -> None:
    assert [bars.knows(symbol, LATE) for symbol in ("SPX", "TSCO.LON", "AAPL")] == [
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        pytest.param("symbol,open\nA,1\n", "lacks the columns interval, exchange_time", id="head"),
        pytest.param(f"{HEADER}\n", "holds no bars", id="empty"),
        pytest.param(f"{HEADER}\n{LINES}{LINES}", "holds the same bar twice", id="twice"),
        pytest.param(
            f"{HEADER}\n{LINES}A,2min,2019-11-05 09:30:00,1,1,1,1,1,\n", "line 8", id="interval"
        ),
        pytest.param(f"{HEADER}\na,1min,2019-11-05 09:30:00,1,1,1,1,1,\n", "line 2", id="symbol"),
        pytest.param(f"{HEADER}\nA,1min,2019-11-05,1,1,1,1,1,\n", "line 2", id="time"),
        pytest.param(f"{HEADER}\nA,1d,2019-11-05,1,1,1,1,1,Mars\n", "line 2", id="zone"),
        pytest.param(f"{HEADER}\nA,1d,2019-11-05,1,1\n", "line 2", id="short"),
    ],
)
def test_wrong_files(tmp_path: Path, content: str, fault: str) -> None:
    file = tmp_path / "bars.csv"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(SettingError, match=rf"^SIMULATOR_BARS points to {file}, wh.*{fault}"):
        load_recordings(file)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="FileNotFoundError"):
        load_recordings(tmp_path / "bars.csv")
