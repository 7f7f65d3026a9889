-- Grain: one row per (symbol, interval, bar_time). For the views below alone: bars such that a
-- filter on session_date becomes a range of bar_time.
create or replace view market.session_bars as
select
    bar.symbol,
    bar.interval,
    day.session_date,
    bar.bar_time,
    bar.bar_time at time zone 'UTC' as bar_time_utc,
    bar.bar_time at time zone market.time_zone(bar.symbol) as bar_time_exchange,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.source,
    bar.freshness,
    bar.adjusted,
    bar.is_final,
    bar.observed_at,
    bar.revision
from market.days as day
inner join market.events_stream as bar
    on
        day.session_date = bar.session_date
        and day.begins_at <= bar.bar_time
        and day.ends_at > bar.bar_time;
