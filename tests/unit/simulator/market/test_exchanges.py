"""The simulated market of each exchange: its own days and hours, told by New York's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import takewhile
from zoneinfo import ZoneInfo

import pytest

from services.simulator.market.bars import SimulatedBars
from services.simulator.market.trading_sessions import EASTERN, Sessions
from tests.unit.simulator.fakes import utc

# Of each suffix the first and the last minute of 2026-12-02, and of a noon break the minute before
# it and its end; each on the exchange's own clock.
HOURS = {
    "LON": ("Europe/London", "08:00", "16:29"),
    "TRT": ("America/Toronto", "09:30", "15:59"),
    "TRV": ("America/Toronto", "09:30", "15:59"),
    "DEX": ("Europe/Berlin", "09:00", "17:29"),
    "FRK": ("Europe/Berlin", "08:00", "21:59"),
    "BSE": ("Asia/Kolkata", "09:15", "15:29"),
    "SHH": ("Asia/Shanghai", "09:30", "14:59", "11:29", "13:00"),
    "SHZ": ("Asia/Shanghai", "09:30", "14:59", "11:29", "13:00"),
    "HKG": ("Asia/Hong_Kong", "09:30", "15:59", "11:59", "13:00"),
    "SAO": ("America/Sao_Paulo", "10:00", "17:59"),
    "PAR": ("Europe/Paris", "09:00", "17:29"),
    "AMS": ("Europe/Amsterdam", "09:00", "17:29"),
}


@pytest.fixture(scope="module")
def bars(sessions: Sessions) -> SimulatedBars:
    return SimulatedBars(1, sessions, overnight=True)


def local_minutes(bars: SimulatedBars, symbol: str, zone: str, day: str) -> list[str]:
    """Return the minutes with trade of a day, on the exchange's clock."""
    now = datetime.fromisoformat(f"{day} 23:59").replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    told = (
        datetime.fromisoformat(bar.time).replace(tzinfo=EASTERN).astimezone(ZoneInfo(zone))
        for bar in bars.intraday(symbol, 1, True, None, now)
    )
    return sorted(f"{at:%H:%M}" for at in takewhile(lambda at: f"{at:%F}" == day, told))


@pytest.mark.parametrize("suffix", HOURS)
def test_each_exchange_trades_its_own_hours(bars: SimulatedBars, suffix: str) -> None:
    zone, first, last, *noon = HOURS[suffix]
    minutes = local_minutes(bars, f"VALE.{suffix}", zone, "2026-12-02")
    # Not every minute sees a trade.
    assert first <= minutes[0] <= f"{first[:-1]}9"
    assert f"{last[:-1]}0" <= minutes[-1] <= last
    if noon:
        before, after = noon
        assert not [minute for minute in minutes if before < minute < after]
        assert [minute for minute in minutes if after <= minute]


def test_days_are_the_exchanges_own_under_new_yorks_name(bars: SimulatedBars) -> None:
    # In Bombay the 2nd has ended, in New York it is still early on it.
    days = bars.daily("TCS.BSE", utc("2026-12-02T10:30:00"))
    assert [next(days).time for _ in range(3)] == ["2026-12-02", "2026-12-01", "2026-11-30"]
    assert bars.zone("TCS.BSE") == "US/Eastern"


def test_nights_are_traded_where_there_is_one(bars: SimulatedBars) -> None:
    # Thanksgiving is on the 26th: none trades on the evening before it.
    now = utc("2026-11-28T12:00:00")
    told = takewhile(
        lambda time: time >= "2026-11-22",
        (bar.time for bar in bars.intraday("AAPL", 60, True, None, now)),
    )
    hours: dict[str, list[int]] = {}
    for time in sorted(told):
        hours.setdefault(time[5:10], []).append(int(time[11:13]))
    whole, evening = list(range(24)), list(range(20, 24))
    assert hours == {
        "11-22": evening,
        "11-23": whole,
        "11-24": whole,
        "11-25": list(range(20)),
        "11-26": evening,
        "11-27": list(range(17)),  # a half day
    }


def test_without_nights_the_day_is_as_it_was(bars: SimulatedBars, sessions: Sessions) -> None:
    now = utc("2026-11-24T21:00:00")
    plain = SimulatedBars(1, sessions).intraday("AAPL", 5, True, None, now)
    nightly = (
        bar for bar in bars.intraday("AAPL", 5, True, None, now) if 4 <= int(bar.time[11:13]) < 20
    )
    assert [next(plain) for _ in range(400)] == [next(nightly) for _ in range(400)]
