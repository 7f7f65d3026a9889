-- Grain: one row per (symbol, interval, bar_time); the newest observation of each bar.
create or replace view bi.events_stream as
select
    symbol,
    bar_time,
    interval,
    open,
    high,
    low,
    close,
    volume,
    session_date,
    source,
    freshness,
    adjusted,
    is_final,
    observed_at,
    revision,
    inserted_at,
    updated_at
from market.events_stream;
