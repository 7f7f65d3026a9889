-- Grain: one row per (symbol, interval, bar_time).
--   up_volume, down_volume     the bar's volume if it closed above, below its open; else 0
--   net_volume                 up_volume less down_volume
--   cumulative_…               since the session's first bar
--   usual_volume               mean volume of the bars that started at the same minute of the day
--                              in the sessions before, as far back as market.intervals.history
--                              (1min 8 days, 5min 15, 15min 30, 30min 60, 60min 90, 1d 1000);
--                              null if there was none
--   usual_bars                 of how many bars that is the mean
--   relative_volume            volume / usual_volume; null where that is null or 0
create or replace view bi.volume_flow as
with flowing as (
    select
        symbol,
        interval,
        session_date,
        bar_session_date,
        bar_time,
        bar_time_utc,
        bar_time_exchange,
        volume,
        (extract(hour from bar_time_exchange) * 60 + extract(minute from bar_time_exchange))::integer
            as minute_of_day,
        case when close > open then volume else 0 end as up_volume,
        case when close < open then volume else 0 end as down_volume
    from market.history_bars
),

usual as (
    select
        *,
        avg(volume) filter (where bar_session_date < session_date) over same_minute
            as usual_volume,
        count(*) filter (where bar_session_date < session_date) over same_minute as usual_bars
    from flowing
    window same_minute as (partition by symbol, interval, session_date, minute_of_day)
)

select
    symbol,
    interval,
    session_date,
    bar_time_utc,
    bar_time_exchange,
    minute_of_day,
    volume,
    up_volume,
    down_volume,
    up_volume - down_volume as net_volume,
    sum(volume) over so_far as cumulative_volume,
    sum(up_volume - down_volume) over so_far as cumulative_net_volume,
    usual_volume::double precision as usual_volume,
    usual_bars,
    (volume / nullif(usual_volume, 0))::double precision as relative_volume
from usual
where bar_session_date = session_date
window so_far as (partition by symbol, interval, session_date order by bar_time);
