from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from services.producer.market_calendar import Session, Sessions, clock_of
from services.producer.series import Series
from tests.unit.producer.fakes import utc

NO_LAG = timedelta()


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(
            "2025-11-06 18:00",
            Session(
                date(2025, 11, 6),
                utc("2025-11-06 09:00"),
                utc("2025-11-06 14:30"),
                utc("2025-11-06 21:00"),
                utc("2025-11-07 01:00"),
                utc("2025-11-06 21:00"),
            ),
            id="winter",
        ),
        pytest.param(
            "2025-07-07 18:00",
            Session(
                date(2025, 7, 7),
                utc("2025-07-07 08:00"),
                utc("2025-07-07 13:30"),
                utc("2025-07-07 20:00"),
                utc("2025-07-08 00:00"),
                utc("2025-07-07 20:00"),
            ),
            id="summer",
        ),
        pytest.param(
            "2025-11-30 12:00",
            Session(
                date(2025, 11, 28),
                utc("2025-11-28 09:00"),
                utc("2025-11-28 14:30"),
                utc("2025-11-28 18:00"),
                utc("2025-11-28 22:00"),
                utc("2025-11-28 18:00"),
            ),
            id="weekend-after-a-half-day",
        ),
    ],
)
def test_the_session_that_started_last(extended: Sessions, now: str, expected: Session) -> None:
    assert extended.latest("AAPL", utc(now)) == expected


def test_regular_hours_begin_with_the_opening_bell() -> None:
    session = Sessions(extended_hours=False).latest("AAPL", utc("2025-11-06 18:00"))
    assert session is not None
    assert (session.starts, session.ends) == (session.opens, session.closes)


def test_the_session_that_closed_last_is_yesterdays_until_the_bell(extended: Sessions) -> None:
    before = extended.closed("AAPL", utc("2025-11-06 20:59"))
    after = extended.closed("AAPL", utc("2025-11-06 21:00"))
    assert before is not None
    assert after is not None
    assert (before.day, after.day) == (date(2025, 11, 5), date(2025, 11, 6))


def _hours(session: Session | None) -> tuple[datetime, datetime]:
    assert session is not None
    return session.starts, session.ends


@pytest.mark.parametrize(
    ("symbol", "now", "hours"),
    [
        pytest.param(
            "RELIANCE.BSE", "2026-12-01 04:00", ("2026-12-01 03:45", "2026-12-01 10:05"), id="bse"
        ),
        pytest.param(
            "BT.A.LON", "2026-12-24 09:00", ("2026-12-24 08:00", "2026-12-24 12:35"), id="half-day"
        ),
        pytest.param(
            "BMW.FRK", "2026-12-01 09:00", ("2026-12-01 07:00", "2026-12-01 21:00"), id="floor"
        ),
        pytest.param(
            "600104.SHH", "2027-01-04 03:00", ("2027-01-04 01:30", "2027-01-04 07:00"), id="assumed"
        ),
        pytest.param(
            "RELIANCE.BSE",
            "2026-02-01 05:00",
            ("2026-02-01 03:45", "2026-02-01 10:05"),
            id="budget",
        ),
        pytest.param(
            # From Friday to Sunday evening, over the night in which New York's clock is put back.
            "FX:EUR/USD",
            "2026-11-01 21:59",
            ("2026-10-29 21:00", "2026-10-31 00:00"),
            id="fx-weekend",
        ),
        pytest.param(
            "FX:EUR/USD",
            "2026-11-01 22:00",
            ("2026-11-01 22:00", "2026-11-03 01:00"),
            id="fx-sunday",
        ),
        pytest.param(
            "CRYPTO:BTC/USD",
            "2026-12-26 23:59",
            ("2026-12-26 00:00", "2026-12-27 00:00"),
            id="crypto-saturday",
        ),
        pytest.param(
            "INDEX:SPX", "2026-11-28 12:00", ("2026-11-27 14:30", "2026-11-27 18:00"), id="index"
        ),
    ],
)
def test_each_exchange_has_its_own_hours(symbol: str, now: str, hours: tuple[str, str]) -> None:
    session = Sessions(extended_hours=True).latest(symbol, utc(now))
    assert _hours(session) == (utc(hours[0]), utc(hours[1]))


def test_a_suffix_that_is_not_known_has_no_hours(extended: Sessions) -> None:
    now = utc("2026-12-01 15:00")
    assert extended.latest("TSCO.XYZ", now) is None
    assert extended.closed("TSCO.XYZ", now) is None
    assert extended.bars_between(Series("TSCO.XYZ", "5min"), now - timedelta(hours=1), now) == 14


@pytest.mark.parametrize(
    ("now", "starts"),
    [
        pytest.param("2026-11-23 01:00", "2026-11-23 01:00", id="sunday-evening-is-mondays"),
        pytest.param("2026-11-23 00:59", "2026-11-20 01:00", id="before-it-still-fridays"),
        pytest.param("2026-11-26 12:00", "2026-11-25 01:00", id="no-night-before-a-holiday"),
        pytest.param("2026-11-27 01:00", "2026-11-27 01:00", id="but-after-it"),
        pytest.param("2026-11-02 00:59", "2026-10-30 00:00", id="clock-put-back"),
        pytest.param("2026-11-02 01:00", "2026-11-02 01:00", id="clock-was-put-back"),
    ],
)
def test_nights_belong_to_the_next_session(now: str, starts: str) -> None:
    session = Sessions(extended_hours=True, overnight=True).latest("AAPL", utc(now))
    assert session is not None
    assert session.starts == utc(starts)


@pytest.mark.parametrize(
    ("symbol", "interval", "clock"),
    [
        ("RELIANCE.BSE", "1d", "Asia/Kolkata"),
        ("RELIANCE.BSE", "5min", "US/Eastern"),
        ("AAPL", "1d", "US/Eastern"),
        ("TSCO.XYZ", "1d", "US/Eastern"),
        ("FX:EUR/USD", "1d", "America/New_York"),
        ("FX:EUR/USD", "5min", "US/Eastern"),
        ("CRYPTO:BTC/USD", "1d", "UTC"),
    ],
)
def test_the_clock_of_a_date_is_the_exchanges(symbol: str, interval: str, clock: str) -> None:
    assert clock_of(Series(symbol, interval), "US/Eastern") == clock


def test_a_day_is_final_after_the_closing_auction(extended: Sessions) -> None:
    series = Series("RELIANCE.BSE", "1d")
    final_from = utc("2026-12-01 10:20")  # closes at 15:30 there, the auction ends at 15:35
    for now, final in ((final_from, True), (final_from - timedelta(seconds=1), False)):
        assert extended.is_final(series, "2026-12-01", "Asia/Kolkata", now, NO_LAG) is final


def test_a_calendar_that_ends_is_told_of_thirty_days_before(extended: Sessions) -> None:
    symbols = ["RELIANCE.BSE", "AAPL", "TSCO.XYZ", "TSCO.LON"]
    assert extended.ending(symbols, utc("2026-11-30 23:59")) == []
    assert extended.ending(symbols, utc("2026-12-01 00:00")) == [("XBOM", date(2026, 12, 31))]
