"""A market for the views: random bars over odd days, stored as the stream would, and as a frame."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import exchange_calendars
import pandas as pd

from services.stream.indicators.formulas import COLUMNS
from tests.fixtures.market import Market
from tests.integration.views.expected.indicators import expected_rows

MINUTES = {"1min": 1, "5min": 5, "15min": 15, "30min": 30, "60min": 60, "1d": 1440}
ZONES = {
    "LON": "Europe/London",
    "TRT": "America/Toronto",
    "SHH": "Asia/Shanghai",
    "HKG": "Asia/Hong_Kong",
    "BSE": "Asia/Kolkata",
}
EXCHANGES = {"LON": "XLON", "TRT": "XTSE", "SHH": "XSHG", "HKG": "XHKG", "BSE": "XBOM"}
COLUMN_NAMES = [
    "symbol",
    "interval",
    "bar_time",
    "session_date",
    *("open", "high", "low", "close", "volume"),
    "is_final",
    "observed_at",
    "revision",
    "inserted_at",
]
# Bars of one statement leave word of their series, as every merge does.
INSERT = """
with merged as (
    insert into market.events_stream (
        symbol, interval, bar_time, session_date, open, high, low, close, volume, is_final,
        observed_at, revision, inserted_at, source, freshness, basis, kafka_partition,
        kafka_offset
    )
    select *, 'simulator', 'simulated', %s, 0, 0
    from unnest(
        %s::text[], %s::text[], %s::timestamptz[], %s::date[], %s::numeric[], %s::numeric[],
        %s::numeric[], %s::numeric[], %s::bigint[], %s::boolean[], %s::timestamptz[],
        %s::integer[], %s::timestamptz[]
    )
    returning symbol, interval, bar_time
)
insert into market.indicator_work (symbol, interval, from_time, until_time)
select symbol, interval, min(bar_time), max(bar_time) from merged group by symbol, interval
"""
DERIVED = f"""
insert into market.bar_indicators (symbol, interval, bar_time, session_date, {", ".join(COLUMNS)})
select * from unnest(
    %s::text[], %s::text[], %s::timestamptz[], %s::date[]{", %s::float8[]" * len(COLUMNS)}
)
"""  # noqa: S608 - names of columns


def zone_of(symbol: str) -> str:
    """Return the clock of the exchange that a symbol's suffix names."""
    return ZONES.get(symbol.rpartition(".")[2], "America/New_York")


@cache
def hours_of(symbol: str, day: date) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the regular hours of a day at the symbol's exchange; None: it does not trade."""
    exchange = EXCHANGES.get(symbol.rpartition(".")[2], "XNYS")
    schedule = exchange_calendars.get_calendar(exchange, start="2025-01-01").schedule
    if pd.Timestamp(day) not in schedule.index:
        return None
    return schedule.loc[pd.Timestamp(day), "open"], schedule.loc[pd.Timestamp(day), "close"]


def possible_bars(symbol: str, interval: str, day: date) -> float:
    """Return how many bars the regular hours of a day hold."""
    hours = hours_of(symbol, day)
    if interval == "1d":
        return 1
    if hours is None:
        return float("nan")
    noon = pd.Timedelta(minutes=90 if symbol.endswith(".SHH") else 0)
    return float((hours[1] - hours[0] - noon) / pd.Timedelta(minutes=MINUTES[interval]))


@cache
def sessions_a_year(symbol: str, day: date) -> int:
    """Return how many sessions the symbol's exchange had in the 365 days until a day."""
    exchange = EXCHANGES.get(symbol.rpartition(".")[2], "XNYS")
    sessions = exchange_calendars.get_calendar(exchange, start="2024-01-01").sessions
    return int(
        (
            (sessions > pd.Timestamp(day - timedelta(days=365))) & (sessions <= pd.Timestamp(day))
        ).sum()
    )


def part_of(symbol: str, interval: str, day: date, at: pd.Timestamp) -> str | None:
    """Return the part of the day to which a bar belongs; none trades overnight here."""
    if interval == "1d":
        return "regular"
    hours = hours_of(symbol, day)
    if hours is None:
        return None
    if at >= hours[1]:
        return "post"
    return "regular" if at + pd.Timedelta(minutes=MINUTES[interval]) > hours[0] else "pre"


class Walk:
    """Random bars of one series, one after the other."""

    def __init__(self, chance: random.Random, symbol: str, interval: str) -> None:
        self.chance, self.symbol, self.interval = chance, symbol, interval
        self.price = chance.uniform(20, 300)

    def bar(self, at: datetime, day: date) -> tuple[Any, ...]:
        """Return the next bar; now and then it jumps, stands still or has no or huge volume."""
        chance = self.chance
        jump = chance.choice([0.1, -0.1]) if chance.random() < 0.01 else 0.0
        opened = self.price * (1 + chance.gauss(0, 0.0005) + jump)
        closed = opened if chance.random() < 0.05 else opened * (1 + chance.gauss(0, 0.002))
        high = max(opened, closed) * (1 + abs(chance.gauss(0, 0.001)))
        low = min(opened, closed) * (1 - abs(chance.gauss(0, 0.001)))
        if chance.random() < 0.02:
            high *= 1.05
        self.price = closed
        volume = chance.choice([0, 10**6]) if chance.random() < 0.03 else chance.randrange(500, 999)
        prices = [Decimal(f"{value:.6f}") for value in (opened, high, low, closed)]
        seen = at + timedelta(minutes=MINUTES[self.interval], seconds=chance.randrange(90))
        stored = seen + timedelta(milliseconds=chance.randrange(-50, 3000))
        revision = 1 + (chance.random() < 0.05)
        final = chance.random() < 0.97
        return (
            self.symbol,
            self.interval,
            at,
            day,
            *prices,
            volume,
            final,
            seen,
            revision,
            stored,
        )

    def session(
        self, day: date, hours: tuple[float, float], present: float
    ) -> list[tuple[Any, ...]]:
        """Return bars between two hours of the exchange's clock, each there with a chance."""
        zone = ZoneInfo(zone_of(self.symbol))
        midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the exchange's clock
        if self.interval == "1d":
            return [self.bar(midnight.replace(tzinfo=zone), day)]
        first, last = (int(hour * 60) for hour in hours)
        starts = [
            (midnight + timedelta(minutes=minute)).replace(tzinfo=zone)
            for minute in range(first, last, MINUTES[self.interval])
        ]
        return [self.bar(at, day) for at in starts if self.chance.random() < present]


def bars_of(symbol: str, day: date, *slots: range, interval: str = "5min") -> list[tuple[Any, ...]]:
    """Return a bar for each number of five minutes since midnight in New York, in November."""
    walk = Walk(random.Random(symbol), symbol, interval)  # noqa: S311 - test data
    midnight = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
    return [
        walk.bar(midnight + timedelta(minutes=5 * slot), day) for part in slots for slot in part
    ]


def days(first: date, last: date) -> list[date]:
    """Return the weekdays of a span."""
    return [day.date() for day in pd.date_range(first, last, freq="B")]


def odd_market(seed: int) -> pd.DataFrame:
    """Return bars around the day on which clocks are put back, on half days and a holiday, of
    another exchange, of two intervals of one symbol, of one bar, and of one session."""
    chance = random.Random(seed)  # noqa: S311 - test data
    autumn = days(date(2025, 10, 27), date(2025, 11, 7))
    thanksgiving = [date(2025, 11, 26), date(2025, 11, 28), date(2025, 12, 1)]
    spring = days(date(2025, 3, 6), date(2025, 3, 11))
    regular, extended, half = (9.5, 16.0), (4.0, 20.0), (9.5, 13.0)
    bars: list[tuple[Any, ...]] = []

    def add(symbol: str, interval: str, span: list[date], hours: Callable[[date], Any]) -> None:
        walk = Walk(chance, symbol, interval)
        for day in span:
            bars.extend(walk.session(day, hours(day), 0.93))

    add("AAA", "5min", autumn + thanksgiving, lambda day: half if day.day == 28 else extended)
    add("BBB", "5min", autumn, lambda day: extended if day.day % 2 else regular)
    add("CCC", "5min", spring, lambda _: regular)
    add("AAA", "60min", autumn, lambda _: (9.0, 16.0))
    add("DAY", "1d", days(date(2025, 6, 2), date(2025, 11, 7)), lambda _: regular)
    add("DDD", "1min", [date(2025, 11, 26), date(2025, 11, 28)], lambda _: half)
    add("TSCO.LON", "15min", autumn, lambda _: (8.0, 16.5))
    add("600104.SHH", "30min", autumn, lambda _: (9.5, 15.0))
    lonely = datetime(2025, 11, 5, 15, tzinfo=ZoneInfo("UTC"))
    bars.append(Walk(chance, "ONE", "1min").bar(lonely, lonely.date()))
    chance.shuffle(bars)
    return frame(bars)


def frame(bars: list[tuple[Any, ...]]) -> pd.DataFrame:
    """Return bars as a frame, in the order of their key."""
    table = pd.DataFrame(bars, columns=COLUMN_NAMES)
    for name in ("bar_time", "observed_at", "inserted_at"):
        table[name] = pd.to_datetime(table[name], utc=True)
    return table.sort_values(["symbol", "interval", "bar_time"], ignore_index=True)


def store(market: Market, bars: pd.DataFrame, derived: bool = True, basis: str = "unknown") -> None:
    """Insert bars, and their indicators as a computation from scratch gives them."""
    if len(bars) == 0:
        return
    shuffled = bars.sample(frac=1, random_state=1)
    columns = [shuffled[name].astype(object).tolist() for name in COLUMN_NAMES]
    market.run(INSERT, (basis, *columns), "stream_writer")
    if derived:
        store_indicators(market)
    market.run("analyze market.events_stream, market.bar_indicators")


def store_indicators(market: Market) -> None:
    """Insert the indicators of all stored bars."""
    columns = zip(*expected_rows(market), strict=True)
    market.run(DERIVED, tuple(map(list, columns)), "stream_writer")
