"""The SQL of the page, each statement complete; made of constants alone."""

from __future__ import annotations

from typing import Final

from services.dashboard.data_api.stored_tables import CANDLE_INTERVALS

MOST_ROWS: Final = 5_000
"""The bars that a chart or a message has at most."""

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

# A day stands at the midnight of its date in UTC, so that every browser shows that date, wherever
# the exchange and the browser are.
_BAR_TIME = """
    extract(
        epoch from case when interval = '1d' then session_date::timestamp at time zone 'UTC'
            else bar_time end
    )::float8
"""
_VALUES = "open::float8, high::float8, low::float8, close::float8, volume::float8"
_CHART_COLUMNS = f"{_BAR_TIME}, {_VALUES}"
# The time that a day stands at may lie after its bar's.
_SHOWN = """
    bar_time >= watched.shown_from
    - case when watched.interval = '1d' then interval '1 day' else interval '0' end
"""

# A range ends with the newest bar that is stored, and the page keeps to the same rule as bars come.
STORED_BARS: Final = f"""
select {_CHART_COLUMNS}, bollinger_upper_20, bollinger_middle_20, bollinger_lower_20, volatility_20
from (
    select * from bi.events_stream
    where symbol = %(symbol)s and interval = %(interval)s and bar_time >= (
        select bar_time - %(span)s from bi.events_stream
        where symbol = %(symbol)s and interval = %(interval)s
        order by bar_time desc limit 1
    )
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
with candles as materialized (
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
        where symbol = %(symbol)s and session_date >= %(since)s::date - 60
    ) as stepped
    window last_20 as (
        order by session_date, bar_time rows between 19 preceding and current row
    )
)

select * from (
    select {columns}, middle + 2 * deviation, middle, middle - 2 * deviation, volatility
    from candles
    where {shown}
    order by session_date desc, bar_time desc limit %(most)s
) as newest
order by 1
"""


def _rolled_up(shown: str) -> dict[str, str]:
    return {
        interval: _ROLLED_UP.format(
            columns=_CHART_COLUMNS.replace("interval =", f"'{interval}' ="),
            interval=interval,
            shown=shown,
        )
        for interval in CANDLE_INTERVALS
    }


ROLLED_UP: Final = _rolled_up("bar_time >= (select max(bar_time) from candles) - %(span)s")
# With the session before, so that a candle that is no more, at the beginning of the session that
# has changed, lies behind the first that is given.
ROLLED_UP_SINCE: Final = _rolled_up("""session_date >= coalesce((
        select max(session_date) from candles where session_date < %(since)s
    ), %(since)s)""")

CHANGED_BARS: Final = f"""
select watched.symbol, watched.interval, bars.* from
unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    as watched (symbol, interval, shown_from, since)
cross join lateral (
    select {_CHART_COLUMNS} from bi.events_stream
    where symbol = watched.symbol and interval = watched.interval
        and {_SHOWN} and updated_at > watched.since
    order by bar_time limit {MOST_ROWS} + 1
) as bars
"""
CHANGED_INDICATORS: Final = f"""
select watched.symbol, watched.interval, derived.* from
unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    as watched (symbol, interval, shown_from, since)
cross join lateral (
    select
        {_BAR_TIME}, bollinger_upper_20, bollinger_middle_20, bollinger_lower_20, volatility_20
    from bi.bar_indicators
    where symbol = watched.symbol and interval = watched.interval
        and {_SHOWN} and computed_at > watched.since
    order by bar_time limit {MOST_ROWS} + 1
) as derived
"""
FIRST_CHANGED_SESSION: Final = """
select min(session_date) from bi.events_stream
where symbol = %s and interval = any(%s) and bar_time >= %s - interval '1 day' and updated_at > %s
"""

# The close before is that of regular hours, of the vendor's own day where that is final.
NEWEST: Final = """
select wanted.symbol, newest.bar_time, newest.close::float8, before.close::float8, newest.source,
    newest.freshness, extract(epoch from newest.inserted_at - newest.observed_at)::float8
from unnest(%s::text[], %s::text[], %s::text[]) as wanted (symbol, interval, exchange)
cross join lateral (
    select * from bi.events_stream
    where symbol = wanted.symbol and interval = wanted.interval
    order by bar_time desc limit 1
) as newest
left join lateral (
    select * from (
        (
            select earlier.close, earlier.session_date, 1 as choice
            from bi.events_stream as earlier
            inner join bi.intervals as width on width.interval = earlier.interval
            left join bi.exchange_sessions as trade
                on trade.exchange = wanted.exchange and trade.session_date = earlier.session_date
            where earlier.symbol = wanted.symbol and earlier.interval = wanted.interval
                and earlier.bar_time < newest.bar_time
                and earlier.session_date < newest.session_date
                and (
                    width.minutes = 1440 or trade.session_date is null
                    or (
                        earlier.bar_time < trade.closes_at_utc at time zone 'UTC'
                        and earlier.bar_time + width.minutes * interval '1 minute'
                        > trade.opens_at_utc at time zone 'UTC'
                    )
                )
            order by earlier.bar_time desc limit 1
        )
        union all
        (
            select earlier.close, earlier.session_date, 0
            from bi.events_stream as earlier
            where earlier.symbol = wanted.symbol and earlier.interval = '1d' and earlier.is_final
                and earlier.bar_time < newest.bar_time + interval '1 day'
                and earlier.session_date < newest.session_date
            order by earlier.bar_time desc limit 1
        )
    ) as closes
    order by session_date desc, choice limit 1
) as before on true
"""
SINK: Final = """
select
    coalesce(sum(stored), 0)::bigint, coalesce(sum(rejected), 0)::bigint,
    coalesce(sum(lost), 0)::bigint, max(updated_at), clock_timestamp()
from bi.sink_status
"""
SNAPSHOT: Final = """
select
    clock_timestamp(), pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
    pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
