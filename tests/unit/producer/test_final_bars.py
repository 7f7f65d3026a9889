"""Which bars are final at an instant, and how many a span of time has in its market's hours."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.producer.market_calendar import Sessions
from services.producer.series import Series
from tests.unit.producer.fakes import utc

NO_LAG = timedelta()
FIVE = Series("AAPL", "5min")
DAILY = Series("AAPL", "1d")


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
        pytest.param(
            Series("FX:EUR/USD", "60min"),
            "2025-10-31 20:00:00",
            "UTC",
            "2025-10-31 21:00:30",
            id="fx",
        ),
        # Not before the vendor's own day is over, whichever that is.
        pytest.param(
            Series("FX:EUR/USD", "1d"), "2025-10-31", "UTC", "2025-11-01 00:15:00", id="fx-day"
        ),
        pytest.param(
            Series("CRYPTO:BTC/USD", "1d"),
            "2025-11-01",
            "UTC",
            "2025-11-02 00:15:00",
            id="crypto-day",
        ),
        pytest.param(
            Series("INDEX:SPX", "1d"), "2025-11-28", "US/Eastern", "2025-11-28 18:15:00", id="index"
        ),
    ],
)
def test_a_bar_is_final_when_it_has_ended_and_settled(
    extended: Sessions, series: Series, exchange_time: str, zone: str, final_from: str
) -> None:
    instant = utc(final_from)
    just_before = instant - timedelta(milliseconds=1)
    assert extended.is_final(series, exchange_time, zone, instant, NO_LAG)
    assert not extended.is_final(series, exchange_time, zone, just_before, NO_LAG)


@pytest.mark.parametrize(
    ("symbol", "exchange_time", "zone", "final_from"),
    [
        # Both in the middle of the hour: the bell, and the end of the closing auction.
        ("AAPL", "2025-11-06 15:30:00", "US/Eastern", "2025-11-06 21:00:30"),
        ("TSCO.LON", "2026-12-01 11:00:00", "US/Eastern", "2026-12-01 16:35:30"),
        ("TSCO.LON", "2026-12-01 10:00:00", "US/Eastern", "2026-12-01 16:00:30"),
    ],
)
def test_the_last_bar_ends_with_its_session(
    symbol: str, exchange_time: str, zone: str, final_from: str
) -> None:
    regular, series = Sessions(extended_hours=False), Series(symbol, "60min")
    instant = utc(final_from)
    for now, final in ((instant, True), (instant - timedelta(seconds=1), False)):
        assert regular.is_final(series, exchange_time, zone, now, NO_LAG) is final


def test_delayed_data_makes_a_bar_final_later(extended: Sessions) -> None:
    lag, ended = timedelta(minutes=15), utc("2025-11-06 14:35:30")
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
    now = utc("2025-11-10 00:00")
    assert not extended.is_final(FIVE, exchange_time, zone, now, NO_LAG)


NOW = utc("2025-11-10 18:00")
ABSURD = ["", "2025-13-45 99:00:00", "0001-01-01", "9999-12-31 23:59:00", "2025-11-01T10:00+14:00"]


@settings(deadline=None)  # of a machine that is busy
@given(
    st.one_of(
        st.sampled_from(ABSURD),
        st.datetimes(datetime(1950, 1, 1), datetime(2026, 1, 1)).map(str),  # noqa: DTZ001
        st.timedeltas(timedelta(days=-6), timedelta(days=2)).map(
            lambda ago: f"{NOW + ago:%Y-%m-%d %H:%M:%S}"
        ),
        st.dates(date(2025, 11, 1), date(2025, 11, 12)).map(str),
    ),
    st.sampled_from(["AAPL", "TSCO.LON", "FX:EUR/USD", "CRYPTO:BTC/USD", "TSCO.XYZ"]),
    st.sampled_from(["5min", "60min", "1d"]),
    st.sampled_from(["US/Eastern", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Mars/Olympus"]),
    st.sampled_from([NO_LAG, timedelta(minutes=15)]),
)
def test_of_an_answer_each_bar_is_judged_as_alone(
    extended: Sessions, exchange_time: str, symbol: str, interval: str, zone: str, lag: timedelta
) -> None:
    series = Series(symbol, interval)
    judge = extended.judge(series, zone, NOW, lag)
    assert judge(exchange_time) is extended.is_final(series, exchange_time, zone, NOW, lag)


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
    assert extended.bars_between(series, utc(start), utc(end)) == bars


@pytest.mark.parametrize(
    ("symbol", "hours"),
    [
        # Of the 72 hours from Friday noon to Monday noon in UTC: 10 and 3 after the close, 14.
        ("FX:EUR/USD", 13 + 14 + 2),
        ("CRYPTO:BTC/USD", 72 + 2),
        ("AAPL", 13 + 3 + 2),
    ],
)
def test_a_weekend_holds_the_bars_of_its_market(
    extended: Sessions, symbol: str, hours: int
) -> None:
    start = utc("2026-11-13 12:00")
    found = extended.bars_between(Series(symbol, "60min"), start, start + timedelta(days=3))
    assert found == hours
