-- Grain: one row per (symbol, interval, session_date): what the stored bars of a session's regular
-- hours amount to; of one whose hours are not known, all of its bars.
--   vwap                     price (high + low + close) / 3 weighted by volume; null without volume
--   range_percent            high less low, of the open
--   open_to_close_percent    close against open
--   change_percent           close against previous_close
--   gap_percent              open against previous_close
--   up_bars, up_volume       how many bars closed above their open, and their volume in shares
--   down_bars, down_volume   how many closed below it, and their volume; equal ones are in neither
--   realised_volatility_percent
--                            root of the sum of squared log returns from bar to bar, the first one
--                            from its open; for the session, not per year
create or replace view bi.session_statistics as
with moved as (
    select
        *,
        ln((
            close / coalesce(
                lag(close) over (partition by symbol, interval, session_date order by bar_time),
                open
            )
        )::double precision) as log_return
    from market.session_bars
    where coalesce(session_part, 'regular') = 'regular'
),

session as (
    select
        symbol,
        interval,
        session_date,
        (array_agg(open order by bar_time))[1] as open,
        max(high) as high,
        min(low) as low,
        (array_agg(close order by bar_time desc))[1] as close,
        sum(volume) as volume,
        count(*) as bars,
        count(*) filter (where close > open) as up_bars,
        count(*) filter (where close < open) as down_bars,
        sum(case when close > open then volume when volume is not null then 0 end) as up_volume,
        sum(case when close < open then volume when volume is not null then 0 end) as down_volume,
        sum((high + low + close) / 3 * volume) / nullif(sum(volume), 0) as vwap,
        100 * sqrt(sum(log_return * log_return)) as realised_volatility_percent,
        min(bar_time) as first_time,
        max(bar_time) as last_time,
        bool_and(is_final) as is_final
    from moved
    group by symbol, interval, session_date
)

select
    session.symbol,
    session.interval,
    session.session_date,
    session.open,
    session.high,
    session.low,
    session.close,
    session.volume,
    session.bars,
    session.vwap::double precision as vwap,
    (100 * (session.high - session.low) / session.open)::double precision as range_percent,
    (100 * (session.close / session.open - 1))::double precision as open_to_close_percent,
    previous.close as previous_close,
    (100 * (session.close / previous.close - 1))::double precision as change_percent,
    (100 * (session.open / previous.close - 1))::double precision as gap_percent,
    session.up_bars,
    session.down_bars,
    session.up_volume,
    session.down_volume,
    session.realised_volatility_percent,
    session.first_time at time zone 'UTC' as first_bar_utc,
    session.last_time at time zone 'UTC' as last_bar_utc,
    session.is_final
from session
left join lateral (
    select told.close from market.previous_closes as told
    where
        told.symbol = session.symbol
        and told.interval = session.interval
        and told.session_date = session.session_date
    order by told.session_date limit 1
) as previous on true;
