-- Grain: one row per (symbol, interval, session_date, minute_of_day) with a bar in that session;
-- intraday intervals alone. What a session did at each minute beside what is usual at it.
--   minute_of_session          minutes since the regular open; negative before it; null where no
--                              calendar of the exchange is stored
--   volume_share_percent       of the volume of the session's stored bars; null if that is 0
--   return_percent             close against open of the bar
--   range_percent              high less low, of the open
--   usual_…                    mean over the bars that started at the same minute in the sessions
--                              of the 30 days before (1min: 8 days); null if there was none
--   usual_bars                 of how many bars
create or replace view bi.intraday_profile as
with own as (
    select
        *,
        sum(volume) over (partition by symbol, interval, session_date) as session_volume
    from market.usual_bars
    where interval <> '1d'
)

select
    own.symbol,
    own.interval,
    own.session_date,
    (extract(hour from own.clock) * 60 + extract(minute from own.clock))::integer
        as minute_of_day,
    (extract(epoch from own.bar_time - trade.opens_at) / 60)::integer as minute_of_session,
    own.bar_time at time zone 'UTC' as bar_time_utc,
    own.bar_time at time zone own.time_zone as bar_time_exchange,
    own.volume,
    (100 * own.volume / nullif(own.session_volume, 0))::double precision as volume_share_percent,
    (100 * (own.close / own.open - 1))::double precision as return_percent,
    (100 * (own.high - own.low) / own.open)::double precision as range_percent,
    own.usual_bars,
    own.usual_volume,
    own.usual_return_percent,
    own.usual_range_percent,
    own.bar_time
from own
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(own.symbol)
        and own.session_date = trade.session_date;
