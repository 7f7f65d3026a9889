-- Grain: one row per (symbol, interval, session_date, minute_of_day) with a bar in that session;
-- intraday intervals alone. What a session did at each minute beside what is usual at it.
--   minute_of_session          minutes since the regular open; negative before it; null where no
--                              calendar of the exchange is stored
--   volume_share_percent       of the volume of the session's stored bars; null if that is 0
--   return_percent             close against open of the bar
--   range_percent              high less low, of the open
--   usual_…                    mean over the bars that started at the same minute in the sessions
--                              before (see bi.volume_flow for how far back); null if there was none
--   usual_bars                 of how many bars
create or replace view bi.intraday_profile as
with minutes as (
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
        (100 * (close / open - 1))::double precision as return_percent,
        (100 * (high - low) / open)::double precision as range_percent
    from market.history_bars
    where interval <> '1d'
),

usual as (
    select
        *,
        count(*) filter (where bar_session_date < session_date) over same_minute as usual_bars,
        avg(volume) filter (where bar_session_date < session_date) over same_minute
            as usual_volume,
        avg(return_percent) filter (where bar_session_date < session_date) over same_minute
            as usual_return_percent,
        avg(range_percent) filter (where bar_session_date < session_date) over same_minute
            as usual_range_percent
    from minutes
    window same_minute as (partition by symbol, interval, session_date, minute_of_day)
),

own as (
    select
        *,
        sum(volume) over (partition by symbol, interval, session_date) as session_volume
    from usual
    where bar_session_date = session_date
)

select
    own.symbol,
    own.interval,
    own.session_date,
    own.minute_of_day,
    (extract(epoch from own.bar_time - trade.opens_at) / 60)::integer as minute_of_session,
    own.bar_time_utc,
    own.bar_time_exchange,
    own.volume,
    (100 * own.volume / nullif(own.session_volume, 0))::double precision as volume_share_percent,
    own.return_percent,
    own.range_percent,
    own.usual_bars,
    own.usual_volume::double precision as usual_volume,
    own.usual_return_percent,
    own.usual_range_percent
from own
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(own.symbol)
        and own.session_date = trade.session_date;
