-- Grain: one row per (symbol, session_date): what the prices of a session are compared on, whatever
-- the interval and the other symbols. Look it up by the whole key, with a limit.
--   open       open of the first bar of regular hours, of all intervals; of several that start with
--              them the smallest. Where the hours are not known, of the first bar of the session
--   base_time  when it was traded: the start of the bar, within regular hours
-- No row before regular hours begin.
create or replace view market.session_bases as
select distinct on (series.symbol, day.session_date)
    series.symbol,
    day.session_date,
    bar.open,
    greatest(bar.bar_time, trade.opens_at) as base_time
from market.series as series
inner join market.intervals as width on series.interval = width.interval
cross join market.days as day
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(series.symbol)
        and day.session_date = trade.session_date
cross join
    lateral (
        select
            stored.bar_time,
            stored.open
        from market.events_stream as stored
        where
            (stored.symbol, stored.interval, stored.bar_time) >= (
                series.symbol,
                series.interval,
                case
                    when width.minutes < 1440 and trade.opens_at is not null
                        then trade.opens_at - (width.minutes - 1) * interval '1 minute'
                    else day.begins_at
                end
            )
            and (stored.symbol, stored.interval, stored.bar_time)
            < (series.symbol, series.interval, coalesce(trade.closes_at, day.ends_at))
            and stored.session_date = day.session_date
        order by stored.symbol, stored.interval, stored.bar_time
        limit 1
    ) as bar
order by
    series.symbol asc,
    day.session_date asc,
    width.minutes = 1440 and trade.opens_at is null asc,
    greatest(bar.bar_time, trade.opens_at) asc,
    width.minutes asc;
