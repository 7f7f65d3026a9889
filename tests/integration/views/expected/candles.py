"""The candles of `bi` by an independent roll-up in Python: bars in, rows of a view out."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from services.common.market.bar import INTERVAL_MINUTES
from tests.fixtures.market import Row


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
        source = covering_interval(stored, is_official=width_minutes >= 1440 and official)
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


def told_of(bar: Stored, hours: tuple[datetime, datetime] | None) -> timedelta:
    """Return of how much trade between some hours a bar tells."""
    if hours is None:
        return tells_until(bar) - bar.bar_time
    return max(timedelta(), min(tells_until(bar), hours[1]) - max(bar.bar_time, hours[0]))


def covering_interval(stored: list[Stored], is_official: bool) -> str:
    """Return the interval with bars in the most slots of the widest, then the one that reaches
    furthest, then the one that tells of the most, then the smallest."""
    hours = regular_hours(stored[0]) if is_official else None
    widest = max(INTERVAL_MINUTES[each.interval] for each in stored)

    def rank(interval: str) -> tuple[int, datetime, timedelta, int]:
        own = [each for each in stored if each.interval == interval]
        slots = {int(each.bar_time.timestamp()) // 60 // widest for each in own}
        told = sum((told_of(bar, hours) for bar in own), timedelta())
        return len(slots), max(map(tells_until, own)), told, -INTERVAL_MINUTES[interval]

    return max({each.interval for each in stored}, key=rank)


def covered_percent(parts: list[Stored], width_minutes: int) -> float | None:
    """Return how much of a candle its bars tell of."""
    if width_minutes < 1440:
        told = sum((tells_until(bar) - bar.bar_time for bar in parts), timedelta())
        return round(100 * told.total_seconds() / 60 / width_minutes, 9)
    hours = regular_hours(parts[0])
    if hours is None:
        return None
    told = sum((told_of(bar, hours) for bar in parts), timedelta())
    noon = timedelta(minutes=90 if parts[0].symbol == "600104.SHH" else 0)
    return round(100 * min(1.0, told / (hours[1] - hours[0] - noon)), 9)
