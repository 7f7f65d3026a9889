from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.producer.market_calendar import Session, Sessions, market_of
from services.producer.series import Series

NO_LAG = timedelta()
FIVE = Series("AAPL", "5min")
DAILY = Series("AAPL", "1d")


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def extended() -> Sessions:
    return Sessions(extended_hours=True)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(
            "2025-11-06 18:00",
            Session(
                date(2025, 11, 6),
                _utc("2025-11-06 09:00"),
                _utc("2025-11-06 14:30"),
                _utc("2025-11-06 21:00"),
                _utc("2025-11-07 01:00"),
            ),
            id="winter",
        ),
        pytest.param(
            "2025-07-07 18:00",
            Session(
                date(2025, 7, 7),
                _utc("2025-07-07 08:00"),
                _utc("2025-07-07 13:30"),
                _utc("2025-07-07 20:00"),
                _utc("2025-07-08 00:00"),
            ),
            id="summer",
        ),
        pytest.param(
            "2025-11-30 12:00",
            Session(
                date(2025, 11, 28),
                _utc("2025-11-28 09:00"),
                _utc("2025-11-28 14:30"),
                _utc("2025-11-28 18:00"),
                _utc("2025-11-28 22:00"),
            ),
            id="weekend-after-a-half-day",
        ),
    ],
)
def test_the_session_that_started_last(extended: Sessions, now: str, expected: Session) -> None:
    assert extended.latest("AAPL", _utc(now)) == expected


def test_regular_hours_begin_with_the_opening_bell() -> None:
    session = Sessions(extended_hours=False).latest("AAPL", _utc("2025-11-06 18:00"))
    assert (session.starts, session.ends) == (session.opens, session.closes)


def test_the_session_that_closed_last_is_yesterdays_until_the_bell(extended: Sessions) -> None:
    assert extended.closed("AAPL", _utc("2025-11-06 20:59")).day == date(2025, 11, 5)
    assert extended.closed("AAPL", _utc("2025-11-06 21:00")).day == date(2025, 11, 6)


@pytest.mark.parametrize(
    ("symbol", "market"),
    [("AAPL", "XNYS"), ("BRK.B", "XNYS"), ("TSCO.LON", "XLON"), ("MBG.DEX", "XETR")],
)
def test_a_suffix_names_the_market(symbol: str, market: str) -> None:
    assert market_of(symbol) == market


@pytest.mark.parametrize(
    ("series", "exchange_time", "zone", "final_from"),
    [
        pytest.param(FIVE, "2025-11-06 09:30:00", "US/Eastern", "2025-11-06 14:35:30", id="winter"),
        pytest.param(FIVE, "2025-03-07 09:30:00", "US/Eastern", "2025-03-07 14:35:30", id="before"),
        pytest.param(FIVE, "2025-03-10 09:30:00", "US/Eastern", "2025-03-10 13:35:30", id="dst"),
        pytest.param(FIVE, "2025-11-06 19:55:00", "US/Eastern", "2025-11-07 01:00:30", id="late"),
        pytest.param(DAILY, "2025-11-06", "US/Eastern", "2025-11-06 21:15:00", id="day"),
        pytest.param(DAILY, "2025-11-28", "US/Eastern", "2025-11-28 18:15:00", id="half-day"),
        pytest.param(DAILY, "2025-07-07", "US/Eastern", "2025-07-07 20:15:00", id="summer-day"),
        pytest.param(DAILY, "2025-11-27", "US/Eastern", "2025-11-29 00:00:00", id="holiday"),
    ],
)
def test_a_bar_is_final_when_it_has_ended_and_settled(
    extended: Sessions, series: Series, exchange_time: str, zone: str, final_from: str
) -> None:
    instant = _utc(final_from)
    just_before = instant - timedelta(milliseconds=1)
    assert extended.is_final(series, exchange_time, zone, instant, NO_LAG)
    assert not extended.is_final(series, exchange_time, zone, just_before, NO_LAG)


def test_delayed_data_makes_a_bar_final_later(extended: Sessions) -> None:
    lag, ended = timedelta(minutes=15), _utc("2025-11-06 14:35:30")
    assert not extended.is_final(FIVE, "2025-11-06 09:30:00", "US/Eastern", ended, lag)
    assert extended.is_final(FIVE, "2025-11-06 09:30:00", "US/Eastern", ended + lag, lag)


@pytest.mark.parametrize(
    ("exchange_time", "zone"),
    [
        pytest.param("2025-13-45 99:00:00", "US/Eastern", id="no-time"),
        pytest.param("", "US/Eastern", id="empty"),
        pytest.param("2025-11-06 09:30:00", "Mars/Olympus", id="no-zone"),
        pytest.param("2025-11-06 09:30:00", "../../etc/passwd", id="path"),
        pytest.param("9999-12-31 23:59:00", "US/Eastern", id="overflow"),
    ],
)
def test_an_absurd_time_belongs_to_no_final_bar(
    extended: Sessions, exchange_time: str, zone: str
) -> None:
    now = _utc("2025-11-10 00:00")
    assert not extended.is_final(FIVE, exchange_time, zone, now, NO_LAG)


@pytest.mark.parametrize(
    ("series", "start", "end", "bars"),
    [
        pytest.param(FIVE, "2025-11-06 15:00", "2025-11-06 16:00", 14, id="an-hour"),
        pytest.param(FIVE, "2025-11-07 20:00", "2025-11-10 10:00", 60 + 12 + 2, id="a-weekend"),
        pytest.param(FIVE, "2025-11-27 10:00", "2025-11-27 20:00", 2, id="a-holiday"),
        pytest.param(DAILY, "2025-11-06 22:00", "2025-11-10 22:00", 3, id="days"),
    ],
)
def test_bars_between_counts_trading_time_only(
    extended: Sessions, series: Series, start: str, end: str, bars: int
) -> None:
    assert extended.bars_between(series, _utc(start), _utc(end)) == bars
