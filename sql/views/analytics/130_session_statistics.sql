-- Grain: one row per (symbol, interval, session_date): what the stored bars of a session's regular
-- hours amount to; of one whose hours are not known, all of its bars.
--   vwap                     price (high + low + close) / 3 weighted by volume; null without volume
--   range_percent            high less low, of the open
--   open_to_close_percent    close against open
--   previous_close           official close of the last session stored before: of the vendor's day
--                            where that is final, else of the last bar of regular hours; brought
--                            across a split
--   change_percent           close against previous_close
--   gap_percent              open against previous_close
--   up_bars … down_volume    of bars that closed above, below their open; equal ones in neither
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
        coalesce(sum(volume) filter (where close > open), 0) as up_volume,
        coalesce(sum(volume) filter (where close < open), 0) as down_volume,
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
inner join market.intervals as width on session.interval = width.interval
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
        >= (session.symbol, session.interval, '-infinity'::timestamptz)
        and (bar.symbol, bar.interval, bar.bar_time)
        < (session.symbol, session.interval, session.first_time)
        and bar.bar_time < session.first_time
        and (
            width.minutes = 1440
            or earlier.session_date is null
            or (
                bar.bar_time < earlier.closes_at
                and bar.bar_time + width.minutes * interval '1 minute' > earlier.opens_at
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
        >= (session.symbol, '1d', '-infinity'::timestamptz)
        and (day_bar.symbol, day_bar.interval, day_bar.bar_time)
        < (session.symbol, '1d', session.first_time + interval '1 day')
        and day_bar.session_date < session.session_date
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
        and symbol = session.symbol
        and ex_date > earlier_close.session_date
        and ex_date <= session.session_date
    having count(*) > 0
) as split on true
cross join
    lateral ( -- noqa: ST05
        select market.scaled(earlier_close.close, split.denominator, split.numerator, 1e-10)
            as close
    ) as previous;
