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
    session.split_numerators[bar.split_number] as split_numerator,
    session.split_denominators[bar.split_number] as split_denominator
from market.sessions_of_series as session
cross join
    lateral ( -- noqa: ST05
        select
            stored.*,
            -- Once a bar, and only of those before a split.
            case
                when stored.session_date < session.last_split_date
                    then
                        market.split_number(session.split_dates, stored.session_date, stored.basis)
            end as split_number
        from market.events_stream as stored
        where
            (stored.symbol, stored.interval, stored.bar_time)
            >= (session.symbol, session.interval, session.usual_from)
            and (stored.symbol, stored.interval, stored.bar_time)
            < (session.symbol, session.interval, session.ends_at)
            and stored.session_date <= session.session_date
        order by stored.symbol desc, stored.interval desc, stored.bar_time desc
        limit 16000
    ) as bar;
