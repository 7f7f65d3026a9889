"""The candles of `bi` against an independent roll-up in Python, to the last digit."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from services.common.market.bar import INTERVAL_MINUTES
from tests.fixtures.market import Market, Row

WIDTHS = {"5min": 5, "15min": 15, "30min": 30, "60min": 60, "1d": 24 * 60}
READ = """
select symbol, bar_time, session_date, open, high, low, close, volume, bars, is_final,
    rolled_up_from
from bi.candles_{width} order by symbol, session_date, bar_time
"""
# Bars of one statement leave word of their series, as every merge does.
INSERT = """
with merged as (
    insert into market.events_stream (
        symbol, bar_time, interval, open, high, low, close, volume, session_date, source,
        freshness, basis, is_final, observed_at, kafka_partition, kafka_offset
    )
    select
        symbol, bar_time, interval, open, high, low, close, volume, session_date, 'simulator',
        'simulated', 'raw', is_final, bar_time, 0, 0
    from unnest(
        %s::text[], %s::timestamptz[], %s::text[], %s::numeric[], %s::numeric[], %s::numeric[],
        %s::numeric[], %s::bigint[], %s::date[], %s::boolean[]
    ) as bar (symbol, bar_time, interval, open, high, low, close, volume, session_date, is_final)
    returning symbol, interval, bar_time
)
insert into market.indicator_work (symbol, interval, from_time, until_time)
select symbol, interval, min(bar_time), max(bar_time) from merged group by symbol, interval
"""


@dataclass(frozen=True)
class Stored:
    """A bar as it is inserted; the fields are in the order of INSERT."""

    symbol: str
    bar_time: datetime
    interval: str
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: int
    session_date: date
    is_final: bool


def session(
    chance: random.Random, symbol: str, interval: str, day: date, zone: str, hours: tuple[int, int]
) -> list[Stored]:
    """Return bars of one session, some missing, from the opening hour to the closing one."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    start, end = (midnight.replace(hour=hour).astimezone(UTC) for hour in hours)
    step = timedelta(minutes=INTERVAL_MINUTES[interval])
    bars = []
    while start < end:
        if chance.random() < 0.8:
            prices = [Decimal(chance.randrange(1, 10**10)).scaleb(-6) for _ in range(4)]
            low, *inner, high = sorted(prices)
            chance.shuffle(inner)
            volume = chance.choice([0, chance.randrange(10**6), 9 * 10**18])
            final = chance.random() < 0.99
            values = (inner[0], high, low, inner[1], volume, day, final)
            bars.append(Stored(symbol, start, interval, *values))
        start += step
    return bars


def market_of(seed: int) -> list[Stored]:
    """Return sessions with trade before and after hours, a day on which the clock is put back, one
    on which it is put forward, other zones, and symbols of several intervals."""
    chance = random.Random(seed)  # noqa: S311 - test data
    back, ordinary, forward = date(2025, 11, 2), date(2025, 11, 3), date(2025, 3, 9)
    eastern, extended = "US/Eastern", (4, 20)
    bars = [
        *session(chance, "ONE", "1min", back, eastern, (0, 20)),
        *session(chance, "ONE", "1min", ordinary, eastern, extended),
        *session(chance, "FWD", "1min", forward, eastern, (0, 20)),
        *session(chance, "MIX", "1min", back, eastern, extended),
        *session(chance, "MIX", "5min", back, eastern, extended),
        *session(chance, "MIX", "60min", back, eastern, extended),
        *session(chance, "MIX", "5min", ordinary, eastern, extended),
        *session(chance, "MIX", "15min", ordinary, eastern, extended),
        *session(chance, "HALF", "30min", ordinary, eastern, (9, 16)),
        *session(chance, "INDIA.BSE", "1min", ordinary, "Asia/Kolkata", (9, 15)),
        *session(chance, "600104.SHH", "5min", ordinary, "Asia/Shanghai", (9, 15)),
    ]
    chance.shuffle(bars)
    return bars


HOURS = {
    "INDIA.BSE": ("Asia/Kolkata", time(9, 15), time(15, 30)),
    "600104.SHH": ("Asia/Shanghai", time(9, 30), time(15)),
}


def is_regular(bar: Stored) -> bool:
    """Return whether a bar holds trade of regular hours, or its day has none."""
    usual = ("America/New_York", time(9, 30), time(16))
    zone, opens, closes = HOURS.get(bar.symbol, usual)
    if bar.session_date.weekday() > 4:
        return True
    first, last = (
        datetime.combine(bar.session_date, clock, ZoneInfo(zone)) for clock in (opens, closes)
    )
    ends = bar.bar_time + timedelta(minutes=INTERVAL_MINUTES[bar.interval])
    return bar.bar_time < last and ends > first


def rolled_up(bars: list[Stored], width_minutes: int, official: bool = True) -> list[Row]:
    """Roll up in plain Python: the smallest interval of a symbol and session that fits; `official`
    days are of regular hours."""
    sessions: dict[tuple[str, date], list[Stored]] = defaultdict(list)
    for each in bars:
        if width_minutes >= 1440 and official and not is_regular(each):
            continue
        if INTERVAL_MINUTES[each.interval] <= width_minutes:
            sessions[each.symbol, each.session_date].append(each)
    rows = []
    for (symbol, day), stored in sessions.items():
        smallest = min((each.interval for each in stored), key=INTERVAL_MINUTES.__getitem__)
        candles: dict[int, list[Stored]] = defaultdict(list)
        for each in sorted(stored, key=lambda each: each.bar_time):
            if each.interval == smallest:
                minute = int(each.bar_time.timestamp()) // 60
                candles[0 if width_minutes >= 1440 else minute // width_minutes].append(each)
        for number, parts in candles.items():
            start = datetime.fromtimestamp(number * width_minutes * 60, tz=UTC)
            rows.append(
                (
                    symbol,
                    start if number else parts[0].bar_time,
                    day,
                    parts[0].open,
                    max(part.high for part in parts),
                    min(part.low for part in parts),
                    parts[-1].close,
                    Decimal(sum(part.volume for part in parts)),
                    len(parts),
                    all(part.is_final for part in parts),
                    smallest,
                )
            )
    return sorted(rows, key=lambda row: (row[0], row[2], row[1]))


def insert(market: Market, bars: list[Stored]) -> None:
    columns = [[getattr(each, name) for each in bars] for name in Stored.__dataclass_fields__]
    market.run(INSERT, tuple(columns), "stream_writer")


def digits(rows: list[Row]) -> list[tuple[str, ...]]:
    """Return each value as text, prices with the six digits of the column."""
    return [
        tuple(
            f"{value:.6f}" if isinstance(value, Decimal) and place in range(3, 7) else str(value)
            for place, value in enumerate(row)
        )
        for row in rows
    ]


@pytest.mark.parametrize("seed", [1, 20251102])
def test_every_width_agrees_with_the_bars_to_the_last_digit(seed: int, market: Market) -> None:
    bars = market_of(seed)
    insert(market, bars)
    assert len(market.rows("select 1 from market.events_stream")) == len(bars) > 4_000

    for width, minutes in WIDTHS.items():
        candles = market.rows(READ.format(width=width), (), "powerbi_reader")
        assert digits(candles) == digits(rolled_up(bars, minutes)), width


def test_a_symbol_of_several_intervals_is_rolled_up_from_the_smallest_that_fits(
    market: Market,
) -> None:
    insert(market, market_of(7))

    sources = (
        "select distinct session_date::text, rolled_up_from from bi.candles_{} where symbol = %s"
    )
    assert sorted(market.rows(sources.format("15min"), ("MIX",))) == [
        ("2025-11-02", "1min"),
        ("2025-11-03", "5min"),
    ]
    assert market.rows(sources.format("15min"), ("HALF",)) == []
    assert market.rows(sources.format("60min"), ("HALF",)) == [("2025-11-03", "30min")]


def test_a_filter_on_the_symbol_reaches_the_table(market: Market) -> None:
    plan = market.rows("explain select * from bi.candles_15min where symbol = 'AAPL'")
    text = "\n".join(row[0] for row in plan)
    assert "Function Scan" not in text
    assert "symbol = 'AAPL'::text" in text
