-- Grain: one row per (symbol, interval, bar_time).
--   up_volume                  the bar's volume if it closed above its open; else 0; in shares;
--                              null, as all here, where the market tells no volume
--   down_volume                the bar's volume if it closed below its open; else 0; in shares
--   net_volume                 up_volume less down_volume, in shares
--   cumulative_volume, cumulative_net_volume  volume, net_volume since the session's first bar
--   usual_volume               mean volume of the bars that started at the same minute of the day
--                              in the sessions of the 30 days before (1min: 8 days);
--                              null if there was none
--   usual_bars                 of how many bars that is the mean
--   relative_volume            volume / usual_volume; null where that is null or 0
create or replace view bi.volume_flow as
with flowing as (
    select
        *,
        case when close > open then volume when volume is not null then 0 end as up_volume,
        case when close < open then volume when volume is not null then 0 end as down_volume
    from market.usual_bars
)

select
    symbol,
    interval,
    session_date,
    bar_time at time zone 'UTC' as bar_time_utc,
    bar_time at time zone time_zone as bar_time_exchange,
    (extract(hour from clock) * 60 + extract(minute from clock))::integer as minute_of_day,
    volume,
    up_volume,
    down_volume,
    up_volume - down_volume as net_volume,
    sum(volume) over so_far as cumulative_volume,
    sum(up_volume - down_volume) over so_far as cumulative_net_volume,
    usual_volume,
    usual_bars,
    volume / nullif(usual_volume, 0) as relative_volume,
    bar_time
from flowing
window so_far as (partition by symbol, interval, session_date order by bar_time);
