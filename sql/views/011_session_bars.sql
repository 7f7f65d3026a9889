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
    bar.revision,
    bar.inserted_at
from market.days as day
inner join market.events_stream as bar
    on
        day.session_date = bar.session_date
        and day.begins_at <= bar.bar_time
        and day.ends_at > bar.bar_time;

-- Grain: one row per (symbol, interval, session_date, bar_time): to every session its own bars
-- and those before it, as far as market.intervals says; is_session tells them apart.
create or replace view market.recent_bars as
select
    bar.symbol,
    bar.interval,
    day.session_date,
    bar.session_date = day.session_date as is_session,
    bar.bar_time,
    bar.bar_time at time zone 'UTC' as bar_time_utc,
    bar.bar_time at time zone market.time_zone(bar.symbol) as bar_time_exchange,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume
from market.days as day
cross join market.intervals as width
inner join market.events_stream as bar
    on
        width.interval = bar.interval
        and day.session_date >= bar.session_date
        and day.begins_at - width.recent <= bar.bar_time
        and day.ends_at > bar.bar_time;

-- The same, as far back as tells what is usual.
create or replace view market.history_bars as
select
    bar.symbol,
    bar.interval,
    day.session_date,
    bar.session_date as bar_session_date,
    bar.bar_time,
    bar.bar_time at time zone 'UTC' as bar_time_utc,
    bar.bar_time at time zone market.time_zone(bar.symbol) as bar_time_exchange,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume
from market.days as day
cross join market.intervals as width
inner join market.events_stream as bar
    on
        width.interval = bar.interval
        and day.session_date >= bar.session_date
        and day.begins_at - width.history <= bar.bar_time
        and day.ends_at > bar.bar_time;
