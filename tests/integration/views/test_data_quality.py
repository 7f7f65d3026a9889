"""bi.data_quality, bi.data_gaps and bi.latest_quote on markets whose faults are known."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from tests.fixtures.market import Market, Row
from tests.integration.views.view_market import Walk, frame, store

WEDNESDAY, HOLIDAY, FRIDAY = date(2025, 11, 26), date(2025, 11, 27), date(2025, 11, 28)
QUALITY = """
select day_kind, status, expected_bars, stored_bars, no_trade_bars, missing_bars, outage_bars,
    longest_gap_bars, completeness_percent, outside_bars
from bi.data_quality where symbol = %s and session_date = %s
"""
GAPS = """
select kind, starts_at_exchange::text, ends_at_exchange::text, bars from bi.data_gaps
where symbol = %s and session_date = %s order by starts_at_utc
"""


def bars_of(symbol: str, day: date, *slots: range, interval: str = "5min") -> list[tuple[Any, ...]]:
    """Return a bar for each number of five minutes since midnight in New York, in November."""
    walk = Walk(random.Random(symbol), symbol, interval)  # noqa: S311 - test data
    midnight = datetime(day.year, day.month, day.day, 5, tzinfo=UTC)
    return [
        walk.bar(midnight + timedelta(minutes=5 * slot), day) for part in slots for slot in part
    ]


def quality(market: Market, symbol: str, day: date) -> Row:
    [row] = market.rows(QUALITY, (symbol, day), "powerbi_reader")
    return row


def test_gaps_are_told_apart_by_their_cause(market: Market) -> None:
    opened, closed, noon = 114, 192, 144  # 9:30, 16:00, 12:00
    bars = [
        # Nobody has 12:00 to 12:15; AAA has no trade at 10:00 and ends at 15:30.
        *bars_of("AAA", WEDNESDAY, range(100, 120), range(121, noon), range(noon + 3, closed - 6)),
        *bars_of("BBB", WEDNESDAY, range(opened, noon), range(noon + 3, closed)),
        # The half day ends at 13:00; AAA is whole on it, BBB has nothing at all.
        *bars_of("AAA", FRIDAY, range(opened, 156), range(156, 160)),
        # CCC's interval is its own: nobody can tell an outage from no trade.
        *bars_of("CCC", WEDNESDAY, range(opened, opened + 12, 6), interval="30min"),
    ]
    store(market, frame(bars))

    # Expected 78: one without trade, three of an outage, six missing; 14 before the open.
    aaa = ("regular", "outage", 78, 68, 1, 6, 3, 6, 100 * 68 / 78, 14)
    assert quality(market, "AAA", WEDNESDAY) == aaa
    assert market.rows(GAPS, ("AAA", WEDNESDAY), "powerbi_reader") == [
        ("no_trade", "2025-11-26 10:00:00", "2025-11-26 10:05:00", 1),
        ("outage", "2025-11-26 12:00:00", "2025-11-26 12:15:00", 3),
        ("missing", "2025-11-26 15:30:00", "2025-11-26 16:00:00", 6),
    ]
    bbb = ("regular", "outage", 78, 75, 0, 0, 3, 3, 100 * 75 / 78, 0)
    assert quality(market, "BBB", WEDNESDAY) == bbb
    closed_day = ("closed", "closed", 0, 0, 0, 0, 0, 0, None, 0)
    assert quality(market, "AAA", HOLIDAY) == closed_day
    assert market.rows(GAPS, ("AAA", HOLIDAY), "powerbi_reader") == []
    half = ("early_close", "complete", 42, 42, 0, 0, 0, 0, 100.0, 4)
    assert quality(market, "AAA", FRIDAY) == half
    absent = ("early_close", "missing", 42, 0, 0, 42, 0, 42, 0.0, 0)
    assert quality(market, "BBB", FRIDAY) == absent
    alone = ("regular", "missing", 13, 2, 0, 11, 0, 11, 100 * 2 / 13, 0)
    assert quality(market, "CCC", WEDNESDAY) == alone
    days = "select min(session_date), max(session_date) from bi.data_quality where symbol = 'AAA'"
    [(first, last)] = market.rows(days)
    assert first == WEDNESDAY
    assert last >= FRIDAY


def test_what_is_refused_revised_and_late_is_counted(market: Market) -> None:
    bars = frame(bars_of("AAA", WEDNESDAY, range(114, 118)))
    bars["revision"] = [1, 2, 1, 1]
    bars["inserted_at"] = bars["observed_at"] + pd.to_timedelta([1, 50, 3, -1], unit="s")
    store(market, bars)
    market.run(
        """
        insert into market.rejected_events (
            topic, kafka_partition, kafka_offset, key, value, reason, kafka_timestamp
        ) values
        ('market.bars', 0, 1, 'AAA', null, 'bad_price', '2025-11-26 15:00Z'),
        ('market.bars', 0, 2, 'AAA', null, 'bad_price', '2025-11-26 00:00Z'),
        ('market.bars', 0, 3, 'AAA', null, 'bad_price', '2025-11-25 23:59Z'),
        ('market.bars', 0, 4, 'AAAA', null, 'bad_price', '2025-11-26 15:00Z'),
        ('market.bars', 0, 5, null, null, 'missing_key', '2025-11-26 15:00Z'),
        ('market.bars', 0, 6, convert_to(repeat('A', 100000), 'UTF8'), null, 'key_mismatch',
            '2025-11-26 15:00Z')
        """
    )
    query = """
    select revised_bars, rejected_records, lag_seconds_median, lag_seconds_longest,
        opens_at_utc, closes_at_utc, first_bar_utc, last_bar_utc
    from bi.data_quality where symbol = 'AAA' and session_date = '2025-11-26'
    """
    # A lag is known of the bars of which the first value stands, seen before it was stored.
    assert market.rows(query, (), "powerbi_reader") == [
        (
            *(1, 2, 2.0, 3.0),
            *(datetime(2025, 11, 26, 14, 30), datetime(2025, 11, 26, 21)),  # noqa: DTZ001
            *(datetime(2025, 11, 26, 14, 30), datetime(2025, 11, 26, 14, 45)),  # noqa: DTZ001
        )
    ]


def test_a_symbol_whose_every_bar_is_refused_is_seen(market: Market) -> None:
    store(market, frame(bars_of("AAA", WEDNESDAY, range(114, 118))))
    market.run(
        """
        insert into market.rejected_events (
            topic, kafka_partition, kafka_offset, key, value, reason, kafka_timestamp, rejected_at
        )
        select
            'market.bars', 0, number, key, convert_to(value, 'UTF8'), reason,
            (at || ' 15:00Z')::timestamptz, '2025-11-28 12:00Z'
        from (values
            (1, 'BAD.X-1'::bytea, '{"symbol":"BAD.X-1","interval":"5min"', 'a', '2025-11-26'),
            (2, 'BAD.X-1'::bytea, '{"symbol": "X", "interval": "5min", "', 'b', '2025-11-26'),
            (3, 'BAD.X-1'::bytea, '{"symbol":"BAD.X-1","interval":"5min"', 'a', '2025-11-27'),
            (4, 'BAD.X-1'::bytea, '{"symbol":"BAD.X-1","interval":"7min"', 'a', '2025-11-26'),
            (5, 'BAD.X-1'::bytea, 'no bar at all', 'a', '2025-11-26'),
            (6, 'AAA'::bytea, '{"symbol":"AAA","interval":"5min"', 'a', '2025-11-26'),
            (7, 'AAA'::bytea, '{"symbol":"AAA","interval":"1d"', 'a', '2025-11-26'),
            (8, '\\xff00'::bytea, '{"symbol":"AAA","interval":"1d"', 'a', '2025-11-26'),
            (9, '<b>'::bytea, '{"symbol":"AAA","interval":"1d"', 'a', '2025-11-26'),
            (10, null::bytea, '{"symbol":"AAA","interval":"1d"', 'a', '2025-11-26')
        ) as refused (number, key, value, reason, at)
        """
    )
    by_reason = "select symbol, reason, records from bi.rejected_by_reason order by 1, 2"
    assert market.rows(by_reason, (), "powerbi_reader") == [
        ("", "a", 3), ("AAA", "a", 2), ("BAD.X-1", "a", 4), ("BAD.X-1", "b", 1)
    ]  # fmt: skip
    seen = """
    select symbol, interval, session_date::text, day_kind, expected_bars, stored_bars,
        rejected_records, opens_at_utc::text
    from bi.data_quality where status = 'refused' order by 1, 2, 3
    """
    assert market.rows(seen, (), "powerbi_reader") == [
        ("AAA", "1d", "2025-11-26", "regular", None, 0, 1, "2025-11-26 14:30:00"),
        ("BAD.X-1", "5min", "2025-11-26", None, None, 0, 2, None),
        ("BAD.X-1", "5min", "2025-11-27", None, None, 0, 1, None),
    ]
    stored = "select status from bi.data_quality where symbol = 'AAA' and interval = '5min' limit 1"
    assert market.rows(stored, (), "powerbi_reader") == [("missing",)]


BASES = "select {} from bi.price_bases order by symbol, interval"
BY_SESSION = """
select symbol, session_date::text, unknown_basis_bars, bases from bi.data_quality
where stored_bars > 0 order by 1, 2
"""
REBASE = "update market.events_stream set basis = %s where symbol = %s"


def test_bars_that_may_not_be_compared_are_counted(market: Market) -> None:
    bars = [bars_of(symbol, WEDNESDAY, range(114, 118)) for symbol in ("AAA", "BBB", "CCC", "DDD")]
    later = [bars_of(symbol, FRIDAY, range(114, 117)) for symbol in ("AAA", "BBB")]
    store(market, frame([bar for some in (*bars, *later) for bar in some]))
    on_friday = f"{REBASE} and session_date = '2025-11-28'"
    for symbol, basis in (("BBB", "adjusted 2025-11-26"), ("CCC", "raw"), ("DDD", "raw")):
        market.run(REBASE, (basis, symbol))
    market.run(on_friday, ("raw", "AAA"))
    market.run(on_friday, ("adjusted 2025-11-28", "BBB"))
    market.run(f"{REBASE} and bar_time = '2025-11-26 14:30Z'", ("adjusted 2025-11-26", "DDD"))

    columns = "symbol, interval, raw_bars, adjusted_bars, unknown_bars, bases"
    found = market.rows(BASES.format(columns), (), "powerbi_reader")
    assert found == [
        ("AAA", "5min", 3, 0, 4, 2),
        ("BBB", "5min", 0, 7, 0, 2),
        ("DDD", "5min", 3, 1, 0, 2),
    ]
    assert market.rows(BY_SESSION, (), "powerbi_reader") == [
        ("AAA", "2025-11-26", 4, 1),
        ("AAA", "2025-11-28", 0, 1),
        ("BBB", "2025-11-26", 0, 1),
        ("BBB", "2025-11-28", 0, 1),
        ("CCC", "2025-11-26", 0, 1),
        ("DDD", "2025-11-26", 0, 2),
    ]
    # Whole again on one basis that is known, there is nothing to say.
    for symbol in ("AAA", "BBB", "DDD"):
        market.run(REBASE, ("adjusted 2025-11-28", symbol))
    assert market.rows(BASES.format(columns), (), "powerbi_reader") == []


def test_the_latest_quote_is_the_newest_bar_of_the_smallest_interval(market: Market) -> None:
    daily = Walk(random.Random(1), "AAA", "1d")  # noqa: S311 - test data
    only_daily = Walk(random.Random(2), "DAY", "1d")  # noqa: S311 - test data
    midnight = datetime(2025, 11, 26, 5, tzinfo=UTC)
    before, own = (
        bars_of("AAA", WEDNESDAY, range(186, 192)),
        bars_of("AAA", FRIDAY, range(114, 120)),
    )
    day = only_daily.bar(midnight, WEDNESDAY)
    # The vendor's own day is the official close, whatever the last bar of the hours says.
    official = daily.bar(midnight, WEDNESDAY)
    official = (*official[:9], True, *official[10:])
    store(market, frame([*before, *own, official, day]))

    query = """
    select symbol, interval, session_date, bar_time_utc, bar_time_exchange, price, previous_close,
        change, round(change_percent::numeric, 6), session_open, session_high, session_low,
        session_volume, bar_volume, is_final, freshness, source, observed_at_utc
    from bi.latest_quote order by symbol
    """
    last, previous = own[-1], official[7]
    percent = round(100 * (last[7] / previous - 1), 6)
    assert market.rows(query, (), "powerbi_reader") == [
        (
            *("AAA", "5min", FRIDAY),
            *(last[2].replace(tzinfo=None), (last[2] - timedelta(hours=5)).replace(tzinfo=None)),
            *(last[7], previous, last[7] - previous, percent),
            *(own[0][4], max(bar[5] for bar in own), min(bar[6] for bar in own)),
            *(Decimal(sum(bar[8] for bar in own)), last[8], last[9], "simulated", "simulator"),
            last[10].replace(tzinfo=None),
        ),
        (
            *("DAY", "1d", WEDNESDAY),
            *(midnight.replace(tzinfo=None), datetime(2025, 11, 26)),  # noqa: DTZ001
            *(day[7], None, None, None, day[4], day[5], day[6], Decimal(day[8]), day[8], day[9]),
            *("simulated", "simulator", day[10].replace(tzinfo=None)),
        ),
    ]

    ages = """
    select symbol, observed_age_seconds, age_seconds, market_state, extract(epoch from now())
    from bi.latest_quote order by symbol
    """
    found = market.rows(ages, (), "powerbi_reader")
    ends = {
        "AAA": last[2] + timedelta(minutes=5),
        "DAY": datetime(2025, 11, 26, 21, tzinfo=UTC),  # the close of that day
    }
    for (symbol, seen, age, state, now), bar in zip(found, (last, day), strict=True):
        assert abs(float(now) - bar[10].timestamp() - seen) < 1e-3
        assert abs(float(now) - ends[symbol].timestamp() - age) < 1e-3
        assert state in ("open", "closed")


def test_the_market_is_open_within_its_hours_and_unknown_elsewhere(market: Market) -> None:
    elsewhere = Walk(random.Random(1), "TSCO.XYZ", "5min")  # noqa: S311 - test data
    at = datetime(2025, 11, 26, 9, tzinfo=UTC)
    store(market, frame([*bars_of("AAA", FRIDAY, range(114, 116)), elsewhere.bar(at, WEDNESDAY)]))
    states = "select symbol, market_state from bi.latest_quote order by symbol"
    today = "(now() at time zone 'America/New_York')::date"

    market.run(
        f"delete from market.exchange_sessions where session_date = {today};"  # noqa: S608
        "insert into market.exchange_sessions values "
        f"('XNYS', {today}, now() - interval '1 hour', now() + interval '1 hour', false)"
    )
    assert market.rows(states) == [("AAA", "open"), ("TSCO.XYZ", None)]
    market.run(
        "update market.exchange_sessions set opens_at = now() + interval '1 minute' "  # noqa: S608
        f"where session_date = {today}"
    )
    assert market.rows(states) == [("AAA", "closed"), ("TSCO.XYZ", None)]


def test_symbols_dates_and_intervals_serve_as_dimensions(market: Market) -> None:
    bars = [
        *bars_of("AAA", WEDNESDAY, range(114, 116)),
        *bars_of("AAA", WEDNESDAY, range(114, 115), interval="60min"),
        Walk(random.Random(1), "TSCO.LON", "5min").bar(  # noqa: S311 - test data
            datetime(2025, 11, 26, 9, tzinfo=UTC), WEDNESDAY
        ),
    ]
    store(market, frame(bars))

    assert market.rows("select * from bi.symbols order by symbol", (), "powerbi_reader") == [
        ("AAA", "XNYS", "America/New_York", 2, "USD", "USD", 1, None),
        ("TSCO.LON", "XLON", "Europe/London", 1, "GBP", "GBX", 100, None),
    ]
    market.run("insert into market.quote_units values ('TSCO.LON', 'EUR')")
    units = "select currency, quote_unit, units_per_currency from bi.symbols where symbol ~ 'LON'"
    assert market.rows(units) == [("EUR", "EUR", 1)]
    query = """
    select year, quarter, month, month_name, day_of_month, iso_week, iso_weekday, weekday_name,
        month_start, is_session, is_early_close, opens_at_utc::text, closes_at_utc::text,
        opens_at_exchange::text, closes_at_exchange::text
    from bi.dates where session_date in ('2025-11-27', '2025-11-28') order by session_date
    """
    month = date(2025, 11, 1)
    assert market.rows(query, (), "powerbi_reader") == [
        (
            *(2025, 4, 11, "November", 27, 48, 4, "Thursday", month, False, False),
            *(None, None, None, None),
        ),
        (
            *(2025, 4, 11, "November", 28, 48, 5, "Friday", month, True, True),
            *("2025-11-28 14:30:00", "2025-11-28 18:00:00"),
            *("2025-11-28 09:30:00", "2025-11-28 13:00:00"),
        ),
    ]
    ends = "select min(session_date), max(session_date), count(*) from bi.dates"
    [(first, last, count)] = market.rows(ends)
    assert first == date(2000, 1, 1)
    assert last.year == datetime.now(UTC).year + 1
    assert count == (last - first).days + 1
