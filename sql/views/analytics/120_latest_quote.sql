-- Grain: one row per symbol: its newest bar, with that bar's session so far. Of several intervals
-- the smallest of the newest session is shown.
--   price                   close of the newest bar
--   previous_close          official close of the last session stored before: of the vendor's day
--                           where that is final, else of the last bar of regular hours; brought
--                           across a split
--   change, change_percent  price against previous_close
--   session_…               over the stored bars of the session's regular hours; null before them
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
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(newest.symbol)
        and newest.session_date = trade.session_date
cross join
    lateral ( -- noqa: ST05
        select
            (array_agg(open order by bar_time) filter (where is_regular))[1] as open,
            max(high) filter (where is_regular) as high,
            min(low) filter (where is_regular) as low,
            sum(volume) filter (where is_regular) as volume,
            min(bar_time) as first_time
        from (
            select
                *,
                newest.minutes = 1440
                or trade.opens_at is null
                or (
                    bar_time < trade.closes_at
                    and bar_time + newest.minutes * interval '1 minute' > trade.opens_at
                ) as is_regular
            from market.events_stream
            where
                symbol = newest.symbol
                and interval = newest.interval
                and bar_time >= day.begins_at
                and bar_time < day.ends_at
                and session_date = newest.session_date
        ) as told
    ) as session
left join lateral (
    select
        bar.close,
        bar.session_date,
        bar.basis
    from market.events_stream as bar
    left join market.exchange_sessions as earlier
        on
            earlier.exchange = market.exchange(bar.symbol)
            and bar.session_date = earlier.session_date
    where
        (bar.symbol, bar.interval, bar.bar_time)
        >= (newest.symbol, newest.interval, '-infinity'::timestamptz)
        and (bar.symbol, bar.interval, bar.bar_time)
        < (newest.symbol, newest.interval, session.first_time)
        and bar.bar_time < session.first_time
        and (
            newest.minutes = 1440
            or earlier.session_date is null
            or (
                bar.bar_time < earlier.closes_at
                and bar.bar_time + newest.minutes * interval '1 minute' > earlier.opens_at
            )
        )
    order by bar.symbol desc, bar.interval desc, bar.bar_time desc limit 1
) as before on true
left join lateral (
    select
        day_bar.close,
        day_bar.session_date,
        day_bar.basis
    from market.events_stream as day_bar
    where
        (day_bar.symbol, day_bar.interval, day_bar.bar_time)
        >= (newest.symbol, '1d', '-infinity'::timestamptz)
        and (day_bar.symbol, day_bar.interval, day_bar.bar_time)
        < (newest.symbol, '1d', session.first_time + interval '1 day')
        and day_bar.session_date < newest.session_date
        and day_bar.is_final
    order by day_bar.symbol desc, day_bar.interval desc, day_bar.bar_time desc limit 1
) as official on true
left join lateral (
    select
        told.close,
        told.session_date,
        told.basis
    from (
        values
        (official.close, official.session_date, official.basis, 1),
        (before.close, before.session_date, before.basis, 2)
    ) as told (close, session_date, basis, preference)
    order by told.session_date desc nulls last, told.preference asc limit 1
) as earlier_close on true
left join lateral (
    select
        market.product(numerator) as numerator,
        market.product(denominator) as denominator
    from market.splits
    where
        earlier_close.basis = 'raw'
        and symbol = newest.symbol
        and ex_date > earlier_close.session_date
        and ex_date <= newest.session_date
    having count(*) > 0
) as split on true
cross join
    lateral ( -- noqa: ST05
        select market.scaled(earlier_close.close, split.denominator, split.numerator, 1e-10)
            as close
    ) as previous
left join market.exchange_sessions as today
    on
        today.exchange = market.exchange(newest.symbol)
        and today.session_date = (now() at time zone market.time_zone(newest.symbol))::date
        and today.opens_at <= now()
        and today.closes_at > now()
        and (now() < today.break_starts_at or now() >= today.break_ends_at) is not false;
