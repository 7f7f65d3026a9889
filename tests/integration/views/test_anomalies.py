"""bi.anomalies over weeks of ordinary openings, and one that is not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from tests.fixtures.market import Market
from tests.integration.views.test_views import read
from tests.integration.views.view_market import days, frame, store

LAST = date(2025, 10, 31)


def ordinary_weeks(last_opening: tuple[float, float]) -> pd.DataFrame:
    """Return five weeks of 5min bars of regular hours: after each night a gap of about one percent,
    then wide and busy bars that calm down, and a busy end. On the last day the opening has a gap
    and a volume of its own."""
    random = np.random.default_rng(1)
    bars: list[tuple[Any, ...]] = []
    price = 100.0
    for day in days(date(2025, 9, 29), LAST):
        gap, busy = random.normal(0, 0.01), 1.0
        if day == LAST:
            gap, busy = last_opening
        for number in range(78):
            at = datetime(day.year, day.month, day.day, 13, 30, tzinfo=UTC)
            at += timedelta(minutes=5 * number)
            loud = 1 + 9 * np.exp(-number / 3) + (8 if number == 77 else 0)
            opened = price * (1 + gap if number == 0 else 1 + random.normal(0, 0.0001))
            price = opened * (1 + random.normal(0, 0.001) * np.sqrt(loud))
            high = max(opened, price) * (1 + 0.0003 * np.sqrt(loud))
            low = min(opened, price) * (1 - 0.0003 * np.sqrt(loud))
            volume = int(1000 * loud * random.lognormal(0, 0.2) * (busy if number == 0 else 1))
            prices = [Decimal(f"{value:.4f}") for value in (opened, high, low, price)]
            bars.append(("CALM", "5min", at, day, *prices, volume, True, at, 1, at))
    return frame(bars)


def at_the_opening(market: Market) -> pd.DataFrame:
    found = read(market, "anomalies")
    clock = pd.to_datetime(found["bar_time_exchange"])
    return found[(clock.dt.hour == 9) & (clock.dt.minute == 30)]


def test_an_ordinary_opening_is_no_anomaly(market: Market) -> None:
    store(market, ordinary_weeks((0.005, 1.0)))
    found = at_the_opening(market)
    # 25 openings, each far above the bars before it: by those alone every one was told.
    assert len(found["session_date"].unique()) <= 1
    closing = read(market, "anomalies", "bar_time_exchange::time = '15:55' and kind = 'volume'")
    # In the first week nothing is known of other days.
    assert [day for day in closing["session_date"] if day > date(2025, 10, 3)] == []


def test_an_opening_beyond_the_openings_before_it_is_one(market: Market) -> None:
    store(market, ordinary_weeks((0.09, 12.0)))
    found = at_the_opening(market)
    found = found[found["session_date"] == LAST]
    assert dict(zip(found["kind"], found["severity"], strict=True)) == {
        "price": "high",
        "gap": "high",
        "volume": "high",
    }
    assert set(found["usual_bars"]) == {22}
