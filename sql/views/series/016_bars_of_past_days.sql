-- Grain: one row per (symbol, interval, session_date, bar_time): the bars of each session and of
-- the 30 days before it (1min: 8 days), as traded, with what is known of the session.
--   bar_session_date  trade date of the bar
--   split_numerator, split_denominator  what brings it to the basis of the session
create or replace view market.bars_of_past_days as
select
    session.symbol,
    session.interval,
    session.session_date,
    session.minutes,
    session.time_zone,
    session.regular_minutes,
    bar.session_date as bar_session_date,
    bar.bar_time,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    session.split_numerators[split.number] as split_numerator,
    session.split_denominators[split.number] as split_denominator
from market.sessions_of_series as session
cross join
    lateral ( -- noqa: ST05
        select stored.* from market.events_stream as stored
        where
            (stored.symbol, stored.interval, stored.bar_time)
            >= (session.symbol, session.interval, session.usual_from)
            and (stored.symbol, stored.interval, stored.bar_time)
            < (session.symbol, session.interval, session.ends_at)
            and stored.session_date <= session.session_date
        order by stored.symbol desc, stored.interval desc, stored.bar_time desc
        limit 16000
    ) as bar
cross join
    lateral ( -- noqa: ST05
        select market.split_number(session.split_dates, bar.session_date, bar.basis) as number
    ) as split;
