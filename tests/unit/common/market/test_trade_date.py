from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import exchange_calendars
import pytest

from services.common.market.exchanges import FOREX, NEW_YORK, exchange_of, zone_of
from services.common.market.trade_date import begins_at, next_session, trade_date


def test_the_next_session_is_the_calendar_librarys() -> None:
    first, last = date(2000, 1, 1), date(2040, 12, 31)
    calendar = exchange_calendars.get_calendar("XNYS", start=first, end=last)
    sessions = [session.date() for session in calendar.sessions]
    days = [first + timedelta(days=count) for count in range((sessions[-1] - first).days)]
    expected = {day: sessions[bisect_right(sessions, day)] for day in days}
    assert {day: next_session(NEW_YORK, day) for day in days} == expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        pytest.param("2026-11-23 19:59:59", "2026-11-23", id="until-eight"),
        pytest.param("2026-11-23 20:00:00", "2026-11-24", id="evening"),
        pytest.param("2026-11-24 00:00:00", "2026-11-24", id="midnight"),
        pytest.param("2026-11-24 03:59:00", "2026-11-24", id="night"),
        pytest.param("2026-11-22 20:00:00", "2026-11-23", id="sunday"),
        pytest.param("2026-11-20 20:00:00", "2026-11-23", id="friday"),
        pytest.param("2026-11-25 21:00:00", "2026-11-27", id="holiday-eve"),
        pytest.param("2026-11-26 20:00:00", "2026-11-27", id="holiday-evening"),
        pytest.param("2026-12-24 20:00:00", "2026-12-28", id="half-day-before-a-holiday"),
        pytest.param("2026-11-01 20:00:00", "2026-11-02", id="clock-put-back"),
    ],
)
def test_new_yorks_day_ends_at_eight(local: str, expected: str) -> None:
    assert trade_date(NEW_YORK, datetime.fromisoformat(local)) == date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        pytest.param("2026-10-30 16:59:59", "2026-10-30", id="until-five"),
        pytest.param("2026-10-30 17:00:00", "2026-11-02", id="friday"),
        pytest.param("2026-11-01 17:00:00", "2026-11-02", id="sunday-clock-put-back"),
        pytest.param("2027-03-14 17:00:00", "2027-03-15", id="sunday-clock-put-forward"),
        pytest.param("2026-11-25 17:00:00", "2026-11-26", id="thanksgiving-is-a-day"),
        pytest.param("2026-12-24 17:00:00", "2026-12-25", id="christmas-is-a-day"),
        pytest.param("2026-11-28 12:00:00", "2026-11-28", id="closed"),
    ],
)
def test_the_day_of_foreign_exchange_ends_at_five_in_new_york(local: str, expected: str) -> None:
    assert trade_date(FOREX, datetime.fromisoformat(local)) == date.fromisoformat(expected)


@pytest.mark.parametrize("symbol", ["TCS.BSE", "TSCO.LON", "TSCO.XYZ", "CRYPTO:BTC/USD"])
def test_other_days_end_at_midnight(symbol: str) -> None:
    evening = datetime.fromisoformat("2026-11-23 23:59:59")
    assert trade_date(exchange_of(symbol), evening) == date(2026, 11, 23)


@pytest.mark.parametrize(
    "symbol", ["AAPL", "TCS.BSE", "TSCO.LON", "TSCO.XYZ", "FX:EUR/USD", "CRYPTO:BTC/USD"]
)
def test_a_date_begins_where_the_one_before_ends(symbol: str) -> None:
    exchange, zone = exchange_of(symbol), ZoneInfo(zone_of(symbol))
    for day in (date(2026, 11, count) for count in range(1, 31)):
        if exchange in (NEW_YORK, FOREX) and next_session(exchange, day - timedelta(days=1)) != day:
            continue
        begins = begins_at(exchange, day).astimezone(UTC)
        before = begins - timedelta(minutes=1)
        assert trade_date(exchange, begins.astimezone(zone)) == day
        assert trade_date(exchange, before.astimezone(zone)) < day
