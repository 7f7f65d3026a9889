-- Grain: one row per (symbol, interval, session_date, bar_time): likewise with at least the 1000
-- bars before.
create or replace view market.past_derived as
select
    session.symbol,
    session.interval,
    session.session_date,
    bar.session_date as bar_session_date,
    bar.bar_time,
    bar.close,
    derived.sma_20,
    derived.sma_50,
    derived.bollinger_upper_20,
    derived.bollinger_lower_20,
    derived.rsi_14
from market.sessions_of_series as session
cross join
    lateral ( -- noqa: ST05
        select most.* from (
            select stored.* from market.events_stream as stored
            where
                (stored.symbol, stored.interval, stored.bar_time)
                >= (session.symbol, session.interval, '-infinity'::timestamptz)
                and (stored.symbol, stored.interval, stored.bar_time)
                < (session.symbol, session.interval, session.ends_at)
                and stored.session_date <= session.session_date
            order by stored.symbol desc, stored.interval desc, stored.bar_time desc
            limit 3000
        ) as most
        order by most.symbol desc, most.interval desc, most.bar_time desc
        limit session.most_bars + 1000
    ) as bar
inner join
    lateral ( -- noqa: ST05
        select most.* from (
            select stored.* from market.bar_indicators as stored
            where
                (stored.symbol, stored.interval, stored.bar_time)
                >= (session.symbol, session.interval, '-infinity'::timestamptz)
                and (stored.symbol, stored.interval, stored.bar_time)
                < (session.symbol, session.interval, session.ends_at)
                and stored.session_date <= session.session_date
            order by stored.symbol desc, stored.interval desc, stored.bar_time desc
            limit 3000
        ) as most
        order by most.symbol desc, most.interval desc, most.bar_time desc
        limit session.most_bars + 1000
    ) as derived
    on bar.bar_time = derived.bar_time;
