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
    rolled_up_from, covered_percent
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


def regular_hours(bar: Stored) -> tuple[datetime, datetime] | None:
    """Return when regular hours begin and end on a bar's day; None: it has none."""
    if bar.session_date.weekday() > 4:
        return None
    zone, opens, closes = HOURS.get(bar.symbol, ("America/New_York", time(9, 30), time(16)))
    first, last = (
        datetime.combine(bar.session_date, clock, ZoneInfo(zone)) for clock in (opens, closes)
    )
    return first, last


def is_regular(bar: Stored) -> bool:
    """Return whether a bar holds trade of regular hours, or its day has none."""
    hours = regular_hours(bar)
    ends = bar.bar_time + timedelta(minutes=INTERVAL_MINUTES[bar.interval])
    return hours is None or (bar.bar_time < hours[1] and ends > hours[0])


def rolled_up(bars: list[Stored], width_minutes: int, official: bool = True) -> list[Row]:
    """Roll up in plain Python, of the interval that covers the session best; `official` days are
    of regular hours."""
    sessions: dict[tuple[str, date], list[Stored]] = defaultdict(list)
    for each in bars:
        if width_minutes >= 1440 and official and not is_regular(each):
            continue
        if INTERVAL_MINUTES[each.interval] <= width_minutes:
            sessions[each.symbol, each.session_date].append(each)
    rows = []
    for (symbol, day), stored in sessions.items():
        source = covering_interval(stored)
        candles: dict[int, list[Stored]] = defaultdict(list)
        for each in sorted(stored, key=lambda each: each.bar_time):
            if each.interval == source:
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
                    source,
                    covered_percent(parts, width_minutes),
                )
            )
    return sorted(rows, key=lambda row: (row[0], row[2], row[1]))


def tells_until(bar: Stored) -> datetime:
    """Return until when a bar tells of trade; these are seen as they begin."""
    length = timedelta(minutes=INTERVAL_MINUTES[bar.interval])
    return bar.bar_time + (length if bar.is_final else timedelta())


def covering_interval(stored: list[Stored]) -> str:
    """Return the interval with bars in the most slots of the widest, then the one that reaches
    furthest, then the smallest."""
    widest = max(INTERVAL_MINUTES[each.interval] for each in stored)

    def rank(interval: str) -> tuple[int, datetime, int]:
        own = [each for each in stored if each.interval == interval]
        slots = {int(each.bar_time.timestamp()) // 60 // widest for each in own}
        return len(slots), max(map(tells_until, own)), -INTERVAL_MINUTES[interval]

    return max({each.interval for each in stored}, key=rank)


def covered_percent(parts: list[Stored], width_minutes: int) -> float | None:
    """Return how much of a candle its bars tell of."""
    if width_minutes < 1440:
        told = sum((tells_until(bar) - bar.bar_time for bar in parts), timedelta())
        return round(100 * told.total_seconds() / 60 / width_minutes, 9)
    hours = regular_hours(parts[0])
    if hours is None:
        return None
    told = sum(
        (
            max(timedelta(), min(tells_until(bar), hours[1]) - max(bar.bar_time, hours[0]))
            for bar in parts
        ),
        timedelta(),
    )
    noon = timedelta(minutes=90 if parts[0].symbol == "600104.SHH" else 0)
    return round(100 * min(1.0, told / (hours[1] - hours[0] - noon)), 9)


def insert(market: Market, bars: list[Stored]) -> None:
    columns = [[getattr(each, name) for each in bars] for name in Stored.__dataclass_fields__]
    market.run(INSERT, tuple(columns), "stream_writer")


def digits(rows: list[Row]) -> list[tuple[str, ...]]:
    """Return each value as text, prices with the six digits of the column."""
    return [
        tuple(
            f"{value:.6f}"
            if (isinstance(value, Decimal) and place in range(3, 7)) or isinstance(value, float)
            else str(value)
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


def test_three_minutes_are_no_day_beside_a_full_set(market: Market) -> None:
    day = date(2025, 11, 5)
    opens = datetime(2025, 11, 5, 14, 30, tzinfo=UTC)

    def bar(at: datetime, interval: str, price: int) -> Stored:
        low, high, close = Decimal(price - 2), Decimal(price + 2), Decimal(price + 1)
        return Stored("AAPL", at, interval, Decimal(price), high, low, close, 100, day, True)

    def bars(interval: str, count: int, price: int) -> list[Stored]:
        length = timedelta(minutes=INTERVAL_MINUTES[interval])
        return [bar(opens + length * number, interval, price) for number in range(count)]

    insert(market, [*bars("1min", 3, 90), *bars("5min", 78, 100)])
    newest = "select interval, price from bi.latest_quote"
    days = "select close, rolled_up_from, bars, covered_percent from bi.candles_1d"
    hours = "select distinct rolled_up_from from bi.candles_60min"
    last = "select close from bi.candles_60min order by bar_time desc limit 1"
    assert market.rows(days) == [(101, "5min", 78, 100.0)]
    assert market.rows(hours) == [("5min",)]
    assert market.rows(newest) == [("5min", 101)]
    assert market.rows(last) == [(101,)]
    assert market.rows("select close from bi.candles_1d_all_hours") == [(101,)]

    # Alone they are the day so far, and say so.
    market.run("delete from market.events_stream where interval = '5min'")
    [(close, source, count, covered)] = market.rows(days)
    assert (close, source, count) == (91, "1min", 3)
    assert round(covered, 9) == round(100 * 3 / 390, 9)

    # The vendor's own day is the official one, and the newest price of a session that is over.
    midnight = datetime(2025, 11, 5, 5, tzinfo=UTC)
    insert(market, [*bars("5min", 78, 100), bar(midnight, "1d", 101)])
    assert market.rows(days) == [(102, "1d", 1, 100.0)]
    assert market.rows(newest) == [("1d", 102)]


def test_a_filter_on_the_symbol_reaches_the_table(market: Market) -> None:
    plan = market.rows("explain select * from bi.candles_15min where symbol = 'AAPL'")
    text = "\n".join(row[0] for row in plan)
    assert "Function Scan" not in text
    assert "symbol = 'AAPL'::text" in text
