from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from services.producer.alpha_vantage.quota_planner import parse_plan
from services.producer.market_calendar import Session
from services.producer.polling.cadence import Market, Pace, Phase, pause_seconds, phase
from services.producer.series import HighWaterMark, Series
from tests.unit.producer.fakes import utc

FIVE = Series("AAPL", "5min")
DAILY = Series("AAPL", "1d")
PREMIUM = Pace(parse_plan("75"), series_count=4, floor_seconds=1.0)
FREE = Pace(parse_plan("free"), series_count=4, floor_seconds=1.0)
FREE_FULL = Pace(parse_plan("free"), series_count=25, floor_seconds=1.0)


def _session(day: int) -> Session:
    start = datetime(2025, 11, day, 9, 0, tzinfo=UTC)
    opens, closes, ends = (start + timedelta(hours=hour) for hour in (5.5, 12, 16))
    return Session(date(2025, 11, day), start, opens, closes, ends, close_is_set=closes)


def _market(now: str) -> Market:
    """Thursday the 6th and Friday the 7th, New York in winter."""
    at = utc(now)
    latest = _session(7 if at >= _session(7).starts else 6)
    return Market(at, latest, _session(7 if at >= _session(7).closes else 6))


def _covered(asked_at: str, newest_bar: str) -> HighWaterMark:
    return HighWaterMark(utc(asked_at), newest_bar, utc(asked_at))


@pytest.mark.parametrize(
    ("now", "asked_at", "freshness", "expected"),
    [
        pytest.param("2025-11-07 15:00", "2025-11-07 14:59", "realtime", Phase.OPEN, id="open"),
        pytest.param("2025-11-07 09:00", "2025-11-07 01:10", "realtime", Phase.OPEN, id="pre"),
        pytest.param("2025-11-07 05:00", "2025-11-07 01:01", "realtime", Phase.IDLE, id="night"),
        pytest.param("2025-11-09 05:00", "2025-11-08 01:01", "realtime", Phase.IDLE, id="weekend"),
        pytest.param("2025-11-09 05:00", "2025-11-07 22:00", "realtime", Phase.OPEN, id="outage"),
        pytest.param(
            "2025-11-08 01:10", "2025-11-08 01:09", "delayed_15min", Phase.OPEN, id="delay-runs"
        ),
        pytest.param(
            "2025-11-08 01:20", "2025-11-08 01:16", "delayed_15min", Phase.IDLE, id="delay-over"
        ),
    ],
)
def test_an_intraday_series_is_polled_while_bars_can_change(
    now: str, asked_at: str, freshness: str, expected: Phase
) -> None:
    high_water_mark = _covered(asked_at, asked_at)
    assert phase(FIVE, high_water_mark, _market(now), freshness, PREMIUM) is expected


@pytest.mark.parametrize(
    ("newest_bar", "expected"),
    [("2025-11-06 19:55:00", Phase.MISSING), ("2025-11-07 19:55:00", Phase.IDLE)],
)
def test_without_entitlement_the_last_session_is_waited_for(
    newest_bar: str, expected: Phase
) -> None:
    high_water_mark = _covered("2025-11-08 09:00", newest_bar)
    assert (
        phase(FIVE, high_water_mark, _market("2025-11-08 10:00"), "historical", PREMIUM) is expected
    )


def test_a_series_never_seen_is_asked_for_although_the_market_is_closed() -> None:
    assert phase(FIVE, None, _market("2025-11-09 05:00"), "realtime", PREMIUM) is Phase.FIRST


@pytest.mark.parametrize(
    ("pace", "now", "asked_at", "newest_bar", "expected"),
    [
        pytest.param(
            FREE, "2025-11-07 15:00", "2025-11-06 22:00", "2025-11-06", Phase.IDLE, id="open"
        ),
        pytest.param(
            PREMIUM, "2025-11-07 15:00", "2025-11-06 22:00", "2025-11-06", Phase.OPEN, id="premium"
        ),
        pytest.param(
            FREE, "2025-11-07 21:54", "2025-11-06 22:00", "2025-11-06", Phase.IDLE, id="settling"
        ),
        pytest.param(
            FREE, "2025-11-07 21:56", "2025-11-06 22:00", "2025-11-06", Phase.MISSING, id="settled"
        ),
        pytest.param(
            FREE_FULL,
            "2025-11-08 01:14",
            "2025-11-07 02:00",
            "2025-11-06",
            Phase.IDLE,
            id="one-try",
        ),
        pytest.param(
            FREE_FULL,
            "2025-11-08 01:16",
            "2025-11-07 02:00",
            "2025-11-06",
            Phase.MISSING,
            id="late",
        ),
        pytest.param(
            FREE, "2025-11-08 10:00", "2025-11-07 22:00", "2025-11-07", Phase.IDLE, id="complete"
        ),
        pytest.param(
            FREE, "2025-11-08 10:00", "2025-11-07 20:00", "2025-11-07", Phase.MISSING, id="forming"
        ),
    ],
)
def test_a_daily_series_is_asked_for_after_the_close(
    pace: Pace, now: str, asked_at: str, newest_bar: str, expected: Phase
) -> None:
    high_water_mark = _covered(asked_at, newest_bar)
    assert phase(DAILY, high_water_mark, _market(now), "end_of_day", pace) is expected


@pytest.mark.parametrize(
    ("at", "series", "pace", "seconds"),
    [
        pytest.param(Phase.OPEN, FIVE, PREMIUM, 3.2, id="rate"),
        pytest.param(Phase.MISSING, DAILY, PREMIUM, 300.0, id="daily-missing"),
        pytest.param(Phase.MISSING, DAILY, FREE, 14_400.0, id="free-four"),
        pytest.param(Phase.OPEN, DAILY, PREMIUM, 3.2, id="daily-forming"),
        # Every answer holds the whole of its history.
        pytest.param(Phase.OPEN, Series("CRYPTO:BTC/USD", "1d"), PREMIUM, 300.0, id="crypto-days"),
        pytest.param(Phase.FIRST, DAILY, FREE_FULL, 86_400.0, id="free-twenty-five"),
    ],
)
def test_pause_seconds(at: Phase, series: Series, pace: Pace, seconds: float) -> None:
    assert pause_seconds(at, series, "realtime", pace) == seconds
