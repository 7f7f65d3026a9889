-- Grain: one row per (symbol, interval, bar_time): the newest observation of each bar.
create or replace view bi.bars as
select
    symbol,
    interval,
    session_date,
    bar_time_utc,
    bar_time_exchange,
    (extract(hour from bar_time_exchange) * 60 + extract(minute from bar_time_exchange))::integer
        as minute_of_day,
    open,
    high,
    low,
    close,
    volume,
    case sign(close - open) when 1 then 'up' when -1 then 'down' else 'none' end as direction,
    source,
    freshness,
    adjusted,
    basis,
    is_final,
    revision,
    observed_at at time zone 'UTC' as observed_at_utc,
    session_part,
    bar_time
from market.session_bars;
