-- Grain: one row per symbol: its newest bar, with that bar's session so far. Of several intervals
-- that which tells of the newest trade is shown: of those that reach as far, the vendor's own day
-- once that is final, then the smallest.
--   price                   close of the newest bar, in the quote unit
--   change                  price less previous_close, in the quote unit
--   change_percent          price against previous_close
--   bar_volume              volume of the newest bar, in shares
--   session_…               over the stored bars of the session's regular hours, in the quote unit
--                           or in shares; null before them
--   age_seconds             since the end of the newest bar, by the market clock of its source (of
--                           a day: since its end of trade, by the calendar; without a calendar
--                           since its midnight)
--   observed_age_seconds    since the answer arrived that held it, by the real clock
--   delay_seconds           from the arrival of the answer until the bar was first stored
--   freshness               what the vendor's answer was: realtime, delayed_15min, …
--   market_state            open, closed (regular hours, by the calendar, by the same clock); null
--                           without one
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
        bar.observed_at,
        bar.inserted_at
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
    left join market.exchange_sessions as trade
        on
            trade.exchange = market.exchange(series.symbol)
            and bar.session_date = trade.session_date
    order by
        series.symbol asc,
        bar.session_date desc,
        least(
            case
                when width.minutes < 1440 then bar.bar_time + width.minutes * interval '1 minute'
                else coalesce(trade.closes_at, bar.bar_time)
            end,
            case when not bar.is_final then greatest(bar.observed_at, bar.bar_time) end
        ) desc,
        width.minutes = 1440 and bar.is_final desc,
        width.minutes asc
)

select
    newest.symbol,
    newest.interval,
    newest.session_date,
    newest.bar_time at time zone 'UTC' as bar_time_utc,
    newest.bar_time at time zone market.time_zone(newest.symbol) as bar_time_exchange,
    newest.close as price,
    previous.close as previous_close,
    newest.close - previous.close as change,
    (100 * (newest.close / previous.close - 1))::double precision as change_percent,
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
    extract(epoch from market_clock.present - case
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
    end as market_state,
    extract(epoch from newest.inserted_at - newest.observed_at)::double precision as delay_seconds,
    newest.bar_time
from newest
inner join market.days as day on newest.session_date = day.session_date
left join market.present_of_sources as clock on newest.source = clock.source
cross join
    lateral ( -- noqa: ST05
        select coalesce(clock.present, now()) as present
    ) as market_clock
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(newest.symbol)
        and newest.session_date = trade.session_date
-- A left join, so that who does not ask for the session so far does not wait for it.
left join lateral ( -- noqa: ST05
    select
        (array_agg(bar.open order by bar.bar_time))[1] as open,
        max(bar.high) as high,
        min(bar.low) as low,
        sum(bar.volume) as volume
    from market.events_stream as bar
    where
        bar.symbol = newest.symbol
        and bar.interval = newest.interval
        and bar.bar_time >= day.begins_at
        and bar.bar_time < day.ends_at
        and bar.session_date = newest.session_date
        and (
            newest.minutes = 1440
            or trade.opens_at is null
            or (
                bar.bar_time < trade.closes_at
                and bar.bar_time + newest.minutes * interval '1 minute' > trade.opens_at
            )
        )
) as session on true
left join lateral (
    select told.close from market.previous_closes as told
    where
        told.symbol = newest.symbol
        and told.interval = newest.interval
        and told.session_date = newest.session_date
    order by told.session_date limit 1
) as previous on true
left join market.exchange_sessions as today
    on
        today.exchange = market.exchange(newest.symbol)
        -- A session may have begun on the evening before its date.
        and today.session_date
        - (market_clock.present at time zone market.time_zone(newest.symbol))::date between 0 and 1
        and market_clock.present >= today.opens_at
        and market_clock.present < today.closes_at
        and (
            market_clock.present < today.break_starts_at
            or market_clock.present >= today.break_ends_at
        ) is not false;
