"""bi.data_quality, bi.data_gaps and bi.price_bases on markets whose faults are known."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from services.common.market.market_clock import MarketClock
from sql.source_clock import keep_source_clock
from tests.fixtures.market import Market, Row
from tests.integration.views.holiday_week import FRIDAY, HOLIDAY, WEDNESDAY
from tests.integration.views.view_market import Walk, bars_of, frame, store

NEW_YORK = ZoneInfo("America/New_York")
QUALITY = """
select day_kind, status, expected_bars, stored_bars, no_trade_bars, missing_bars, outage_bars,
    longest_gap_bars, completeness_percent, outside_bars
from bi.data_quality where symbol = %s and session_date = %s
"""

GAPS = """
select kind, starts_at_exchange::text, ends_at_exchange::text, bars from bi.data_gaps
where symbol = %s and session_date = %s order by starts_at_utc
"""


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


def test_no_gap_is_told_from_before_the_first_bar(market: Market) -> None:
    opened, closed, evening = 114, 192, 204
    bars = [
        *bars_of("AAA", WEDNESDAY, range(opened + 12, closed)),
        *bars_of("BBB", WEDNESDAY, range(opened, closed)),
        *bars_of("CCC", WEDNESDAY, range(evening, evening + 6)),
    ]
    store(market, frame(bars))

    whole = ("regular", "complete", 66, 66, 0, 0, 0, 0, 100.0, 0)
    assert quality(market, "AAA", WEDNESDAY) == whole
    over = ("regular", "unknown", 0, 0, 0, 0, 0, 0, None, 6)
    assert quality(market, "CCC", WEDNESDAY) == over
    read = "select * from bi.data_gaps where session_date = %s"
    assert market.rows(read, (WEDNESDAY,), "powerbi_reader") == []


HOURS = """
insert into market.exchange_sessions as known (
    exchange, session_date, opens_at, closes_at, is_early_close
)
values ('XNYS', %s, %s, %s, false)
on conflict (exchange, session_date) do update
set opens_at = excluded.opens_at, closes_at = excluded.closes_at
"""


@pytest.mark.parametrize(
    ("interval", "freshness", "waits"),
    [
        ("1d", "end_of_day", timedelta(hours=8)),
        ("1d", "realtime", timedelta(hours=8)),
        ("5min", "historical", timedelta(hours=8)),
        ("5min", "delayed_15min", timedelta(minutes=20)),
        ("5min", "realtime", timedelta(minutes=5)),
    ],
)
def test_a_bar_is_missed_no_sooner_than_the_vendor_brings_it(
    interval: str, freshness: str, waits: timedelta, market: Market
) -> None:
    walk = Walk(random.Random(1), "AAA", interval)  # noqa: S311 - test data
    now = market.rows("select now()")[0][0]
    today = now.astimezone(ZoneInfo("America/New_York")).date()
    store(market, frame([walk.bar(now - timedelta(days=7), today - timedelta(days=7))]))
    market.run("update market.events_stream set freshness = %s", (freshness,))
    told = []
    # The session has one slot, of whole five minutes as bars are.
    for since in (waits - timedelta(minutes=6), waits + timedelta(minutes=1)):
        closes = (now - since).replace(second=0, microsecond=0)
        closes -= timedelta(minutes=closes.minute % 5)
        market.run(HOURS, (today, closes - timedelta(minutes=5), closes))
        told.append(quality(market, "AAA", today)[1:3])
    assert told == [("open", 0), ("missing", 1)]


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


def stands(market: Market, at: str, speed: float) -> None:
    """Let the simulated market stand at this time of Wednesday, and go on from there."""
    start = datetime.fromisoformat(f"{WEDNESDAY} {at}").replace(tzinfo=NEW_YORK)
    with market.connect("market_owner") as owner:
        keep_source_clock(owner, MarketClock(start, datetime.now(UTC), speed))


def test_a_simulated_market_is_measured_by_its_own_clock(market: Market) -> None:
    opened, noon = 114, 144  # 9:30, 12:00
    bars = [
        *bars_of("AAA", WEDNESDAY, range(opened, noon)),
        *bars_of("BBB", WEDNESDAY, range(114, noon)),
    ]
    store(market, frame(bars))
    market.run("update market.events_stream set source = 'simulator', freshness = 'simulated'")
    last = "select max(session_date) from bi.data_quality where symbol = 'AAA'"
    quote = "select age_seconds, market_state from bi.latest_quote where symbol = 'AAA'"
    assert market.rows(last) > [(FRIDAY,)]
    [(age, state)] = market.rows(quote)
    assert age > 100 * 86_400

    stands(market, "12:04", speed=1)
    whole = ("regular", "complete", 30, 30, 0, 0, 0, 0, 100.0, 0)
    assert quality(market, "AAA", WEDNESDAY) == whole
    assert market.rows(last) == [(WEDNESDAY,)]
    [(age, state)] = market.rows(quote)
    assert 240 <= age < 300
    assert state == "open"

    stands(market, "12:20", speed=1)
    assert quality(market, "AAA", WEDNESDAY)[1:7] == ("outage", 33, 30, 0, 0, 3)
    stands(market, "12:20", speed=60)  # five minutes of real time are five hours of the market's
    assert quality(market, "AAA", WEDNESDAY) == whole

    stands(market, "12:20", speed=1e12)  # it has met the present
    assert market.rows(last) > [(FRIDAY,)]
    with market.connect("market_owner") as owner:
        keep_source_clock(owner, MarketClock())
    assert market.rows("select * from market.source_clocks") == []
