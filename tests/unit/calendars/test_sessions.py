from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from services.calendars.sessions import TradingDay, known_until, trading_days
from services.calendars.special_sessions import SPECIAL_SESSIONS
from services.common.market.exchanges import BY_CODE, EXCHANGES, Exchange

CODES = [exchange.code for exchange in EXCHANGES]


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _day(code: str, text: str) -> TradingDay | None:
    day = date.fromisoformat(text)
    return next(iter(trading_days(BY_CODE[code], day, day)), None)


def _clock(instant: datetime | None, exchange: Exchange) -> time | None:
    return None if instant is None else instant.astimezone(ZoneInfo(exchange.zone)).time()


@pytest.mark.parametrize("code", CODES)
def test_the_hours_of_the_table_are_those_of_an_ordinary_day(code: str) -> None:
    exchange = BY_CODE[code]
    # A Wednesday on which all of them trade.
    [day] = trading_days(exchange, date(2026, 12, 2), date(2026, 12, 2))
    instants = (day.opens_at, day.closes_at, day.break_starts_at, day.break_ends_at)
    breaks = exchange.break_hours or (None, None)
    expected = (exchange.opens, exchange.closes, *breaks)
    assert tuple(_clock(each, exchange) for each in instants) == expected


@pytest.mark.parametrize(
    ("code", "closed"),
    [
        ("XNYS", "2026-11-26 2026-12-25 2027-01-01 2027-01-18 2027-02-15 2027-03-26"),
        ("XLON", "2026-12-25 2026-12-28 2027-01-01 2027-03-26 2027-03-29"),
        ("XTSE", "2026-12-25 2026-12-28 2027-01-01 2027-02-15 2027-03-26"),
        ("XETR", "2026-12-24 2026-12-25 2026-12-31 2027-01-01 2027-03-26 2027-03-29"),
        ("XFRA", "2026-12-24 2026-12-25 2026-12-31 2027-01-01 2027-03-26 2027-03-29"),
        ("XHKG", "2026-12-25 2027-01-01 2027-02-08 2027-02-09 2027-03-26 2027-03-29"),
        ("XPAR", "2026-12-25 2027-01-01 2027-03-26 2027-03-29"),
        ("XBOM", "2026-11-24 2026-12-25"),
        ("XSHG", ""),
        ("XSHE", ""),
    ],
)
def test_the_holidays_of_a_winter(code: str, closed: str) -> None:
    days = trading_days(BY_CODE[code], date(2026, 11, 17), date(2027, 3, 31))
    open_days = {each.day for each in days}
    count = (date(2027, 3, 31) - date(2026, 11, 17)).days + 1
    weekdays = [date.fromordinal(date(2026, 11, 17).toordinal() + each) for each in range(count)]
    missing = [str(day) for day in weekdays if day.weekday() < 5 and day not in open_days]
    assert " ".join(missing) == closed


def test_half_days_and_noon_breaks() -> None:
    half = _day("XHKG", "2026-12-24")
    assert half == TradingDay(
        *(date(2026, 12, 24), _utc("2026-12-24 01:30"), _utc("2026-12-24 04:00")),
        is_early_close=True,
    )
    assert _day("XSHG", "2026-12-24") == TradingDay(
        *(date(2026, 12, 24), _utc("2026-12-24 01:30"), _utc("2026-12-24 07:00")),
        *(_utc("2026-12-24 03:30"), _utc("2026-12-24 05:00")),
    )


def test_beyond_the_end_of_a_calendar_weekdays_are_assumed() -> None:
    assert known_until("XBOM") == date(2026, 12, 31)
    assert known_until("XNYS") is None
    days = trading_days(BY_CODE["XBOM"], date(2026, 12, 30), date(2027, 1, 4))
    assert [(str(each.day), each.is_assumed) for each in days] == [
        *(("2026-12-30", False), ("2026-12-31", False)),
        *(("2027-01-01", True), ("2027-01-04", True)),
    ]
    assert (days[-1].opens_at, days[-1].closes_at) == (
        _utc("2027-01-04 03:45"),
        _utc("2027-01-04 10:00"),
    )


def test_special_sessions_take_precedence() -> None:
    budget, muhurat = _day("XBOM", "2026-02-01"), _day("XBOM", "2026-11-08")
    assert budget == TradingDay(
        date(2026, 2, 1), _utc("2026-02-01 03:45"), _utc("2026-02-01 10:00")
    )
    assert muhurat is not None
    assert (muhurat.is_early_close, muhurat.is_assumed) == (False, True)
    assert _day("XBOM", "2025-10-21") == TradingDay(
        date(2025, 10, 21),
        _utc("2025-10-21 08:15"),
        _utc("2025-10-21 09:15"),
        is_early_close=True,
    )
    assert _day("XSHG", "2026-02-01") is None
    # Closed for the whole day by a typhoon and by a rainstorm; open on the days beside.
    hong_kong = {day: _day("XHKG", f"2023-09-{day:02}") is not None for day in (1, 4, 7, 8, 11)}
    assert hong_kong == {1: False, 4: True, 7: True, 8: False, 11: True}
    assert len({(each.calendar, each.day) for each in SPECIAL_SESSIONS}) == len(SPECIAL_SESSIONS)


@pytest.mark.parametrize(
    ("day", "opens", "closes"),
    [
        pytest.param("2020-08-19", "05:30", "08:00", id="higos"),
        pytest.param("2021-06-28", "05:30", "08:00", id="rainstorm"),
        pytest.param("2022-08-25", "05:00", "08:00", id="ma-on"),
        pytest.param("2023-10-09", "06:00", "08:00", id="koinu"),
    ],
)
def test_a_morning_without_trade_is_no_part_of_the_session(
    day: str, opens: str, closes: str
) -> None:
    assert _day("XHKG", day) == TradingDay(
        date.fromisoformat(day), _utc(f"{day} {opens}"), _utc(f"{day} {closes}")
    )


@pytest.mark.parametrize("day", ["2019-07-31", "2022-11-02"])
def test_an_afternoon_that_ends_early_keeps_its_noon_break(day: str) -> None:
    assert _day("XHKG", day) == TradingDay(
        date.fromisoformat(day),
        opens_at=_utc(f"{day} 01:30"),
        closes_at=_utc(f"{day} 05:55"),
        break_starts_at=_utc(f"{day} 04:00"),
        break_ends_at=_utc(f"{day} 05:00"),
        is_early_close=True,
        is_assumed=True,
    )


@pytest.mark.parametrize(
    ("code", "day", "opens", "closes", "is_assumed"),
    [
        # New York's clock is put back on 2026-11-01 and put forward on 2027-03-14.
        pytest.param(
            "FX", "2026-10-30", "2026-10-29 21:00", "2026-10-30 21:00", False, id="fx-summer"
        ),
        pytest.param(
            "FX", "2026-11-02", "2026-11-01 22:00", "2026-11-02 22:00", False, id="fx-winter"
        ),
        pytest.param(
            "FX", "2027-03-15", "2027-03-14 21:00", "2027-03-15 21:00", False, id="fx-spring"
        ),
        pytest.param(
            "FX", "2026-12-25", "2026-12-24 22:00", "2026-12-25 22:00", True, id="fx-christmas"
        ),
        pytest.param(
            "CRYPTO", "2026-11-01", "2026-11-01 00:00", "2026-11-02 00:00", False, id="crypto"
        ),
    ],
)
def test_a_market_without_an_exchange_has_days_by_rule(
    code: str, day: str, opens: str, closes: str, is_assumed: bool
) -> None:
    found = _day(code, day)
    assert found == TradingDay(
        date.fromisoformat(day), _utc(opens), _utc(closes), is_assumed=is_assumed
    )


def test_foreign_exchange_rests_at_the_weekend_and_digital_currencies_never_do() -> None:
    first, last = date(2026, 12, 21), date(2027, 1, 3)
    open_days = {
        code: [each.day.weekday() for each in trading_days(BY_CODE[code], first, last)]
        for code in ("FX", "CRYPTO")
    }
    assert open_days == {"FX": [0, 1, 2, 3, 4] * 2, "CRYPTO": [0, 1, 2, 3, 4, 5, 6] * 2}
    assert [known_until(code) for code in ("FX", "CRYPTO")] == [None, None]


def test_an_index_keeps_new_yorks_days() -> None:
    span = date(2026, 11, 1), date(2026, 12, 31)
    assert trading_days(BY_CODE["INDEX"], *span) == trading_days(BY_CODE["XNYS"], *span)
