-- Grain: one row per (symbol, interval, session_date): the close that the prices of a session are
-- compared with. Look it up by the whole key, with a limit.
--   close         official close of the last session stored before: of the vendor's day where that
--                 is final, else of the last bar of regular hours, of the interval; brought across
--                 the splits since
--   closed_date   the session of that close
-- Both are null where no bar is stored before.
create or replace view market.previous_closes as
select
    session.symbol,
    session.interval,
    session.session_date,
    market.scaled(closed.close, split.denominator, split.numerator, 1e-10) as close,
    closed.session_date as closed_date
from market.sessions_of_series as session
left join lateral (
    select
        bar.close,
        bar.session_date,
        bar.basis
    from market.events_stream as bar
    left join market.exchange_sessions as earlier
        on
            earlier.exchange = market.exchange(session.symbol)
            and bar.session_date = earlier.session_date
    where
        (bar.symbol, bar.interval, bar.bar_time)
        >= (session.symbol, session.interval, '-infinity'::timestamptz)
        and (bar.symbol, bar.interval, bar.bar_time)
        < (
            session.symbol, session.interval,
            -- Spares it what of the session was traded since.
            coalesce(session.opens_at, session.ends_at)
        )
        and bar.session_date < session.session_date
        and (
            session.minutes = 1440
            or earlier.session_date is null
            or (
                bar.bar_time < earlier.closes_at
                and bar.bar_time + session.minutes * interval '1 minute' > earlier.opens_at
            )
        )
    order by bar.symbol desc, bar.interval desc, bar.bar_time desc limit 1
) as of_bars on true
left join lateral (
    select
        bar.close,
        bar.session_date,
        bar.basis
    from market.events_stream as bar
    where
        (bar.symbol, bar.interval, bar.bar_time)
        >= (session.symbol, '1d', '-infinity'::timestamptz)
        and (bar.symbol, bar.interval, bar.bar_time) < (session.symbol, '1d', session.ends_at)
        and bar.session_date < session.session_date
        and bar.is_final
    order by bar.symbol desc, bar.interval desc, bar.bar_time desc limit 1
) as official on true
left join lateral (
    select
        told.close,
        told.session_date,
        told.basis
    from (
        values
        (official.close, official.session_date, official.basis, 1),
        (of_bars.close, of_bars.session_date, of_bars.basis, 2)
    ) as told (close, session_date, basis, preference)
    order by told.session_date desc nulls last, told.preference asc limit 1
) as closed on true
cross join lateral (
    select
        session.split_numerators[number] as numerator,
        session.split_denominators[number] as denominator
    from (
        select market.split_number(session.split_dates, closed.session_date, closed.basis) as number
    ) as told
) as split;
