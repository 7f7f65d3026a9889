"""The candles of `bi` against an independent roll-up in Python, to the last digit."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from services.common.market.bar import INTERVAL_MINUTES
from tests.fixtures.market import Market, Row
from tests.integration.views.expected.candles import (
    Stored,
    market_of,
    rolled_up,
)

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


def test_a_hole_within_a_slot_leaves_the_candle_to_whole_bars(market: Market) -> None:
    day = date(2025, 11, 5)
    opens = datetime(2025, 11, 5, 14, 30, tzinfo=UTC)
    minutes, fives = [], []
    for number in range(390):
        price = Decimal(100 + number % 7)
        at = opens + timedelta(minutes=number)
        # Three of five minutes, the last one of them among these.
        if number % 5 in (0, 2, 4):
            minutes.append(
                Stored("HOLE", at, "1min", price, price + 1, price - 1, price, 10, day, True)
            )
        if number % 5 == 0:
            fives.append(
                Stored("HOLE", at, "5min", price, price + 9, price - 9, price, 90, day, True)
            )
    insert(market, [*minutes, *fives])
    for width, length in WIDTHS.items():
        candles = market.rows(READ.format(width=width), (), "powerbi_reader")
        assert digits(candles) == digits(rolled_up([*minutes, *fives], length)), width
        assert {row[10] for row in candles} == {"5min"}, width
    whole = market.rows("select volume, rolled_up_from from bi.candles_1d_all_hours")
    assert whole == [(78 * 90, "5min")]


def test_a_filter_on_the_symbol_reaches_the_table(market: Market) -> None:
    plan = market.rows("explain select * from bi.candles_15min where symbol = 'AAPL'")
    text = "\n".join(row[0] for row in plan)
    assert "Function Scan" not in text
    assert "symbol = 'AAPL'::text" in text
