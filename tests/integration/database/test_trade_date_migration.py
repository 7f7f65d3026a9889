"""What was stored by another clock is brought to its trade date, and no bar is lost."""

from __future__ import annotations

from pathlib import Path

import sql
from tests.fixtures.market import Market

MIGRATION = Path(sql.__file__).parent / "migrations" / "0003.trade-dates.sql"
# The schema as it was: the views that need what is new go with it.
BEFORE = """
drop table market.quote_units cascade;
alter table market.exchange_sessions
drop column break_starts_at cascade, drop column break_ends_at cascade,
drop column is_assumed cascade
"""
STORE = """
with stored as (
    insert into market.events_stream (
        symbol, interval, bar_time, session_date, open, high, low, close, volume, source,
        freshness, basis, is_final, observed_at, kafka_partition, kafka_offset
    )
    select
        symbol, interval, bar_time::timestamptz, session_date::date, 1, 1, 1, 1, 1, 'simulator',
        'simulated', 'raw', true, bar_time::timestamptz, 0, row_number() over ()
    from (values
        ('RELIANCE.BSE', '1d', '2026-11-25 05:00Z', '2026-11-25'),
        ('RELIANCE.BSE', '1d', '2026-01-01 05:00Z', '2026-01-01'),
        ('BT.A.LON', '1d', '2026-07-01 04:00Z', '2026-07-01'),
        ('TCS.BSE', '60min', '2026-11-25 03:45Z', '2026-11-24'),
        ('TCS.BSE', '60min', '2026-11-25 05:45Z', '2026-11-25'),
        ('AAPL', '1d', '2026-11-25 05:00Z', '2026-11-25'),
        ('AAPL', '60min', '2026-11-26 00:59Z', '2026-11-25'),
        ('AAPL', '60min', '2026-11-26 01:00Z', '2026-11-25'),
        ('BRK.B', '60min', '2026-11-23 01:00Z', '2026-11-22'),
        ('TSCO.XYZ', '1d', '2026-11-25 05:00Z', '2026-11-25')
    ) as bar (symbol, interval, bar_time, session_date)
    returning symbol, interval, bar_time
), marked as (
    insert into market.indicator_work (symbol, interval, from_time, until_time)
    select symbol, interval, min(bar_time), max(bar_time) from stored group by symbol, interval
)
insert into market.bar_indicators (symbol, interval, bar_time, session_date)
select symbol, interval, bar_time, '2026-11-25' from stored
"""
BARS = """
select symbol, interval, to_char(bar_time, 'YYYY-MM-DD HH24:MI'), session_date::text, revision
from market.events_stream order by 1, 2, 3
"""


def test_stored_bars_are_brought_to_their_trade_dates(market: Market) -> None:
    market.run(BEFORE, (), "market_owner")
    market.run(STORE)
    market.run("delete from market.indicator_work")

    market.run(MIGRATION.read_text("utf-8"), (), "market_owner")

    assert market.rows(BARS) == [
        ("AAPL", "1d", "2026-11-25 05:00", "2026-11-25", 1),
        ("AAPL", "60min", "2026-11-26 00:59", "2026-11-25", 1),
        ("AAPL", "60min", "2026-11-26 01:00", "2026-11-27", 1),  # the 26th is a holiday
        ("BRK.B", "60min", "2026-11-23 01:00", "2026-11-23", 1),
        ("BT.A.LON", "1d", "2026-06-30 23:00", "2026-07-01", 1),
        ("RELIANCE.BSE", "1d", "2025-12-31 18:30", "2026-01-01", 1),
        ("RELIANCE.BSE", "1d", "2026-11-24 18:30", "2026-11-25", 1),
        ("TCS.BSE", "60min", "2026-11-25 03:45", "2026-11-25", 1),
        ("TCS.BSE", "60min", "2026-11-25 05:45", "2026-11-25", 1),
        ("TSCO.XYZ", "1d", "2026-11-25 05:00", "2026-11-25", 1),
    ]
    # Nothing was replaced, and what is derived of the moved series is due again.
    assert market.rows("select * from market.bar_revisions") == []
    again = "select symbol, interval from market.indicator_work order by 1, 2"
    assert market.rows(again) == [
        *(("AAPL", "60min"), ("BRK.B", "60min"), ("BT.A.LON", "1d")),
        *(("RELIANCE.BSE", "1d"), ("TCS.BSE", "60min")),
    ]
    left = "select distinct symbol, interval from market.bar_indicators order by 1, 2"
    assert market.rows(left) == [("AAPL", "1d"), ("TSCO.XYZ", "1d")]
