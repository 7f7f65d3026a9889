"""The SQL of the page beside its charts, each statement complete; made of constants alone."""

from __future__ import annotations

from typing import Final

# From one series to the next by the primary key, instead of through all bars.
SERIES: Final = """
with recursive series as (
    (
        select symbol, interval from bi.events_stream order by symbol, interval limit 1
    )
    union all
    select next.symbol, next.interval from series
    cross join lateral (
        select symbol, interval from bi.events_stream
        where (symbol, interval) > (series.symbol, series.interval)
        order by symbol, interval limit 1
    ) as next
)
select series.symbol, series.interval, newest.bar_time, newest.source
from series
cross join lateral (
    select bar_time, source from bi.events_stream
    where symbol = series.symbol and interval = series.interval
    order by bar_time desc limit 1
) as newest
"""

# Symbols of which only a quote is stored.
QUOTED: Final = "select symbol from bi.symbols where intervals = 0 order by symbol"

_ACTIONS = """
select
    symbol, kind, ex_date, numerator::float8, denominator::float8, amount::float8, {factor}
from bi.corporate_actions
where symbol = any(%s) and is_in_force
order by symbol, ex_date, kind desc, number
"""
# What is in force changes the prices before it on the other bases. Factors of dividends are worked
# out from closes, which only the total return needs and which takes longer.
ACTIONS: Final = _ACTIONS.format(factor="null::float8")
ACTIONS_WITH_FACTORS: Final = _ACTIONS.format(factor="price_factor::float8")

NEWEST: Final = """
select
    symbol, price::float8, previous_close::float8, source, freshness, delay_seconds,
    bar_time_utc at time zone 'UTC'
from bi.latest_quote where symbol = any(%s)
"""
# Of bars and what changes them: quotes come by the minute, whether bars do or not.
SINK: Final = """
select
    coalesce(sum(stored), 0)::bigint, coalesce(sum(rejected), 0)::bigint,
    coalesce(sum(lost), 0)::bigint, max(updated_at), clock_timestamp()
from bi.sink_status where topic <> 'market.quotes'
"""
SNAPSHOT: Final = """
select
    clock_timestamp(), pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
