-- Grain: one row per (symbol, interval, session_date, bar_time): to every session its own bars and
-- at least the 25 before them, over whatever nights.
create or replace view market.recent_bars as
select
    session.symbol,
    session.interval,
    session.session_date,
    bar.session_date = session.session_date as is_session,
    bar.bar_time,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume
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
        limit session.most_bars + 25
    ) as bar;
