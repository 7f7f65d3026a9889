from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from services.producer.market_calendar import Sessions
from services.producer.polling.freshness import Freshness, FreshnessWatch
from services.producer.polling.series_state import Progress
from services.producer.series import Failing, Series

OPENS = datetime(2025, 11, 6, 14, 30, tzinfo=UTC)  # 09:30 in New York, a Thursday
CLOSED = Freshness(is_open=False, waiting_seconds=0.0, poll_seconds=0.0)


def watch() -> FreshnessWatch:
    paces = {"1min": 12.0, "5min": 60.0, "1d": 999.0}
    return FreshnessWatch(Sessions(False).latest, lambda series: paces[series.interval])


def polled(symbol: str, interval: str, completed_at: float) -> Progress:
    return Progress(Series(symbol, interval), True, None, completed_at=completed_at)


def test_the_night_does_not_count() -> None:
    watched, series = watch(), [polled("AAPL", "1min", completed_at=100.0)]
    assert watched.look(series, OPENS - timedelta(seconds=1), 50_000.0) == {"XNYS": CLOSED}
    assert watched.look(series, OPENS, 50_001.0) == {"XNYS": Freshness(True, 0.0, 12.0)}
    later = OPENS + timedelta(minutes=1)
    assert watched.look(series, later, 50_061.0) == {"XNYS": Freshness(True, 60.0, 12.0)}
    series[0].completed_at = 50_060.0
    assert watched.look(series, later, 50_062.0) == {"XNYS": Freshness(True, 2.0, 12.0)}
    closes = OPENS + timedelta(hours=6, minutes=30)
    assert watched.look(series, closes, 99_000.0) == {"XNYS": CLOSED}


def test_the_series_that_waits_longest_counts_at_the_slowest_pace() -> None:
    watched = watch()
    series = [polled("AAPL", "1min", 1_000.0), polled("IBM", "5min", 970.0)]
    watched.look(series, OPENS, 900.0)
    assert watched.look(series, OPENS, 1_001.0) == {"XNYS": Freshness(True, 31.0, 60.0)}


def test_daily_and_given_up_series_are_not_waited_for() -> None:
    watched, at = watch(), OPENS
    given_up = polled("IBM", "1min", float("-inf"))
    given_up.failing = Failing("bad_call", 9, at, at, given_up=True)
    series = [polled("AAPL", "1d", float("-inf")), given_up]
    watched.look(series, at, 0.0)
    assert watched.look(series, at, 9_000.0) == {"XNYS": Freshness(True, 0.0, 0.0)}
    given_up.failing = replace(given_up.failing, given_up=False)
    assert watched.look(series, at, 9_000.0) == {"XNYS": Freshness(True, 9_000.0, 12.0)}


def test_each_exchange_has_its_own_hours() -> None:
    series = [polled("TSCO.LON", "1min", 0.0), polled("AAPL", "1min", 0.0)]
    early = OPENS - timedelta(hours=4)
    assert watch().look(series, early, 5.0) == {
        "XLON": Freshness(True, 0.0, 12.0),
        "XNYS": CLOSED,
    }
