"""The SQL of the page, each statement complete; made of constants alone."""

from __future__ import annotations

from typing import Final

from services.dashboard.datasets import CANDLE_INTERVALS

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

_CHART_COLUMNS = """
    extract(epoch from bar_time)::float8, open::float8, high::float8, low::float8, close::float8,
    volume::float8
"""

STORED_BARS: Final = f"""
select {_CHART_COLUMNS}, bollinger_upper_20, bollinger_middle_20, bollinger_lower_20, volatility_20,
    updated_at
from (
    select * from bi.events_stream
    where symbol = %(symbol)s and interval = %(interval)s and bar_time >= %(since)s
    order by bar_time desc limit %(most)s
) as bars
left join lateral (
    select bollinger_upper_20, bollinger_middle_20, bollinger_lower_20, volatility_20
    from bi.bar_indicators as derived
    where derived.symbol = bars.symbol and derived.interval = bars.interval
        and derived.bar_time = bars.bar_time
) as indicators on true
order by bar_time
"""

# Indicators belong to stored bars; those of a rolled-up candle are the same definitions over
# candles, and a test compares the two.
_ROLLED_UP = """
select {columns}, middle + 2 * deviation, middle, middle - 2 * deviation, volatility,
    now() as updated_at
from (
    select
        *,
        case when count(*) over last_20 = 20 then avg(close) over last_20 end::float8 as middle,
        case when count(*) over last_20 = 20
            then stddev_pop(close) over last_20 end::float8 as deviation,
        case when count(step) over last_20 = 20
            then stddev_samp(step) over last_20 end::float8 as volatility
    from (
        select *, ln(close / lag(close) over (order by session_date, bar_time)) as step
        from bi.candles_{interval}
        where symbol = %(symbol)s and session_date >= %(since)s::date - 40
    ) as stepped
    window last_20 as (
        order by session_date, bar_time rows between 19 preceding and current row
    )
) as candles
where bar_time >= %(since)s
order by session_date desc, bar_time desc limit %(most)s
"""
ROLLED_UP: Final = {
    interval: f"select * from ({_ROLLED_UP.format(columns=_CHART_COLUMNS, interval=interval)}) "
    "as newest order by 1"
    for interval in CANDLE_INTERVALS
}

CHANGED_BARS: Final = f"""
select watched.symbol, watched.interval, bars.* from
unnest(%s::text[], %s::text[], %s::timestamptz[]) as watched (symbol, interval, since)
cross join lateral (
    select {_CHART_COLUMNS}, updated_at from bi.events_stream
    where symbol = watched.symbol and interval = watched.interval
        and bar_time >= watched.since and updated_at > %s
    order by bar_time limit 5001
) as bars
"""
CHANGED_INDICATORS: Final = """
select watched.symbol, watched.interval, derived.* from
unnest(%s::text[], %s::text[], %s::timestamptz[]) as watched (symbol, interval, since)
cross join lateral (
    select
        extract(epoch from bar_time)::float8, bollinger_upper_20, bollinger_middle_20,
        bollinger_lower_20, volatility_20
    from bi.bar_indicators
    where symbol = watched.symbol and interval = watched.interval
        and bar_time >= watched.since and computed_at > %s
    order by bar_time limit 5001
) as derived
"""
CHANGED_SESSIONS: Final = """
select distinct session_date from bi.events_stream
where symbol = %s and interval = any(%s) and bar_time >= %s and updated_at > %s
"""
CANDLES_OF_SESSIONS: Final = {
    interval: f"""
select {_CHART_COLUMNS} from bi.candles_{interval}
where symbol = %s and session_date = any(%s) order by bar_time
"""
    for interval in CANDLE_INTERVALS
}

NEWEST: Final = """
select wanted.symbol, newest.bar_time, newest.close::float8, before.close::float8, newest.source,
    newest.freshness, extract(epoch from newest.inserted_at - newest.observed_at)::float8
from unnest(%s::text[], %s::text[]) as wanted (symbol, interval)
cross join lateral (
    select * from bi.events_stream
    where symbol = wanted.symbol and interval = wanted.interval
    order by bar_time desc limit 1
) as newest
left join lateral (
    select close from bi.events_stream as earlier
    where earlier.symbol = wanted.symbol and earlier.interval = wanted.interval
        and earlier.bar_time < newest.bar_time
        and earlier.session_date < newest.session_date
    order by earlier.bar_time desc limit 1
) as before on true
"""
SINK: Final = """
select
    coalesce(sum(stored), 0)::bigint, coalesce(sum(rejected), 0)::bigint,
    coalesce(sum(lost), 0)::bigint, max(updated_at), clock_timestamp()
from bi.sink_status
"""
