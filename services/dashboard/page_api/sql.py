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

# The close before is that of regular hours, of the vendor's own day where that is final. It is
# brought over the splits since, so that none is a change.
NEWEST: Final = """
select wanted.symbol, newest.bar_time, newest.close::float8,
    before.close::float8 * case when before.basis = 'raw' then split.factor else 1 end,
    newest.source, newest.freshness,
    extract(epoch from newest.inserted_at - newest.observed_at)::float8
from unnest(%s::text[], %s::text[], %s::text[]) as wanted (symbol, interval, exchange)
cross join lateral (
    select * from bi.events_stream
    where symbol = wanted.symbol and interval = wanted.interval
    order by bar_time desc limit 1
) as newest
left join lateral (
    select * from (
        (
            select earlier.close, earlier.session_date, earlier.basis, 1 as choice
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
            select earlier.close, earlier.session_date, earlier.basis, 0
            from bi.events_stream as earlier
            where earlier.symbol = wanted.symbol and earlier.interval = '1d' and earlier.is_final
                and earlier.bar_time < newest.bar_time + interval '1 day'
                and earlier.session_date < newest.session_date
            order by earlier.bar_time desc limit 1
        )
    ) as closes
    order by session_date desc, choice limit 1
) as before on true
cross join lateral (
    select coalesce(exp(sum(ln(denominator / numerator))), 1)::float8 as factor
    from bi.corporate_actions
    where symbol = wanted.symbol and kind = 'split'
        and ex_date > before.session_date and ex_date <= newest.session_date
) as split
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
