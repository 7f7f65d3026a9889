-- Grain: one row per symbol: its newest bar, with that bar's session so far. Of several intervals
-- the smallest of the newest session is shown.
--   price                   close of the newest bar
--   previous_close          close of the last bar stored before the session; null if there is none
--   change, change_percent  price against previous_close
--   session_…               over the bars of the session that are stored, those outside regular
--                           hours included
--   age_seconds             since the end of the newest bar (of a day: since its end of trade, by
--                           the calendar; without a calendar since its midnight)
--   observed_age_seconds    since the answer arrived that held it
--   freshness               what the vendor's answer was: realtime, delayed_15min, …
--   market_state            open, closed (regular hours, by the calendar, now); null without one
create or replace view bi.latest_quote as
with newest as (
    select distinct on (series.symbol)
        series.symbol,
        series.interval,
        width.minutes,
        bar.session_date,
        bar.bar_time,
        bar.close,
        bar.volume,
        bar.freshness,
        bar.source,
        bar.is_final,
        bar.observed_at
    from market.series as series
    inner join market.intervals as width on series.interval = width.interval
    cross join
        lateral (
            select * from market.events_stream
            where
                (symbol, interval, bar_time)
                >= (series.symbol, series.interval, '-infinity'::timestamptz)
                and (symbol, interval, bar_time)
                < (series.symbol, series.interval, 'infinity'::timestamptz)
            order by symbol desc, interval desc, bar_time desc limit 1
        ) as bar
    order by series.symbol asc, bar.session_date desc, width.minutes asc
)

select
    newest.symbol,
    newest.interval,
    newest.session_date,
    newest.bar_time at time zone 'UTC' as bar_time_utc,
    newest.bar_time at time zone market.time_zone(newest.symbol) as bar_time_exchange,
    newest.close as price,
    before.close as previous_close,
    newest.close - before.close as change,
    (100 * (newest.close / before.close - 1))::double precision as change_percent,
    session.open as session_open,
    session.high as session_high,
    session.low as session_low,
    session.volume as session_volume,
    newest.volume as bar_volume,
    newest.is_final,
    newest.freshness,
    newest.source,
    newest.observed_at at time zone 'UTC' as observed_at_utc,
    extract(epoch from now() - newest.observed_at)::double precision as observed_age_seconds,
    extract(epoch from now() - case
        when newest.minutes < 1440
            then newest.bar_time + newest.minutes * interval '1 minute'
        else coalesce(trade.closes_at, newest.bar_time)
    end)::double precision as age_seconds,
    case
        when not exists (
            select from market.exchange_sessions as known
            where known.exchange = market.exchange(newest.symbol)
        ) then null
        when today.exchange is null then 'closed'
        else 'open'
    end as market_state
from newest
inner join market.days as day on newest.session_date = day.session_date
cross join
    lateral (
        select
            (array_agg(open order by bar_time))[1] as open,
            max(high) as high,
            min(low) as low,
            sum(volume) as volume,
            min(bar_time) as first_time
        from market.events_stream
        where
            symbol = newest.symbol
            and interval = newest.interval
            and bar_time >= day.begins_at
            and bar_time < day.ends_at
            and session_date = newest.session_date
    ) as session
left join lateral (
    select close from market.events_stream
    where
        (symbol, interval, bar_time)
        >= (newest.symbol, newest.interval, '-infinity'::timestamptz)
        and (symbol, interval, bar_time)
        < (newest.symbol, newest.interval, session.first_time)
        and bar_time < session.first_time
    order by symbol desc, interval desc, bar_time desc limit 1
) as before on true
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(newest.symbol)
        and newest.session_date = trade.session_date
left join market.exchange_sessions as today
    on
        today.exchange = market.exchange(newest.symbol)
        and today.session_date = (now() at time zone market.time_zone(newest.symbol))::date
        and today.opens_at <= now()
        and today.closes_at > now();
