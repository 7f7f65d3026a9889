-- Grain: one row per (symbol, interval, bar_time); the newest observation of each bar.
--
-- The day is joined so that a filter on its date becomes a range of bar_time, which the key serves.
create or replace view bi.events_stream as
select
    bar.symbol,
    bar.bar_time,
    bar.interval,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    day.session_date,
    bar.source,
    bar.freshness,
    bar.basis <> 'raw' as adjusted,
    bar.is_final,
    bar.observed_at,
    bar.revision,
    bar.inserted_at,
    bar.updated_at,
    bar.basis
from market.events_stream as bar
inner join market.days as day
    on
        bar.session_date = day.session_date
        and bar.bar_time >= day.begins_at
        and bar.bar_time < day.ends_at;
