-- Grain: one row per (symbol, other_symbol, interval, bar_time) of which both symbols have a bar.
-- Filter on both symbols: there are as many pairs as symbols squared.
--   other_symbol            the one that it is compared with
--   other_close             close of that one, in its quote unit
--   rebased, other_rebased  each close with the base_price of its own symbol as 100, as in
--                           bi.comparison
--   correlation_20          of the last 20 log returns from one common bar to the next
--   beta_20                 covariance of those returns over the variance of the other symbol's
-- Both are null until there are 20 returns, and where a price did not move in them. They reach back
-- over the nights into sessions before: over as many bars of the symbol as a day can hold and 25,
-- the session's own included.
create or replace view bi.comparison_pairs as
with paired as (
    select
        bar.symbol,
        mate.symbol as other_symbol,
        bar.interval,
        bar.session_date,
        bar.is_session,
        bar.bar_time,
        bar.close,
        other.close as other_close
    from market.recent_bars as bar
    inner join market.series as mate
        on bar.interval = mate.interval and bar.symbol <> mate.symbol
    cross join
        -- The limit keeps the planner from joining this first and looking the bars up for each.
        lateral (
            select stored.close
            from market.events_stream as stored
            where
                stored.symbol = mate.symbol
                and stored.interval = bar.interval
                and stored.bar_time = bar.bar_time
            order by stored.bar_time
            limit 1
        ) as other
),

moved as (
    select
        *,
        ln((close / lag(close) over series)::double precision) as log_return,
        ln((other_close / lag(other_close) over series)::double precision) as other_log_return
    from paired
    window series as (
        partition by symbol, other_symbol, interval, session_date order by bar_time
    )
),

measured as (
    select
        *,
        count(log_return) over last_20 as returns,
        corr(log_return, other_log_return) over last_20 as correlation,
        regr_slope(log_return, other_log_return) over last_20 as beta
    from moved
    window last_20 as (
        partition by symbol, other_symbol, interval, session_date order by bar_time
        rows 19 preceding
    )
),

numbered as (
    select
        *,
        row_number() over (
            partition by symbol, other_symbol, interval, session_date order by bar_time
        ) as number
    from measured
    where is_session
),

-- Looked up once a session.
looked_up as (
    select
        bar.*,
        base.open as base_of_first,
        other_base.open as other_base_of_first
    from numbered as bar
    left join lateral (
        select told.open from market.session_bases as told
        where
            bar.number = 1
            and told.symbol = bar.symbol
            and told.session_date = bar.session_date
        order by told.session_date
        limit 1
    ) as base on true
    left join lateral (
        select told.open from market.session_bases as told
        where
            bar.number = 1
            and told.symbol = bar.other_symbol
            and told.session_date = bar.session_date
        order by told.session_date
        limit 1
    ) as other_base on true
)

select
    symbol,
    other_symbol,
    interval,
    session_date,
    bar_time at time zone 'UTC' as bar_time_utc,
    bar_time at time zone market.time_zone(symbol) as bar_time_exchange,
    close,
    other_close,
    (100 * close / max(base_of_first) over session)::double precision as rebased,
    (100 * other_close / max(other_base_of_first) over session)::double precision
        as other_rebased,
    case when returns = 20 then correlation end as correlation_20,
    case when returns = 20 then beta end as beta_20,
    bar_time
from looked_up
window session as (partition by symbol, other_symbol, interval, session_date);
