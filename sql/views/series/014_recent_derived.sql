-- Grain: one row per (symbol, interval, session_date, bar_time): market.recent_bars with the
-- indicators, of bars that have them.
create or replace view market.recent_derived as
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
    bar.volume,
    derived.true_range,
    derived.atr_14,
    derived.volatility_20,
    derived.volume_zscore_20
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
        limit session.most_bars + 25
    ) as derived
    on bar.bar_time = derived.bar_time;
