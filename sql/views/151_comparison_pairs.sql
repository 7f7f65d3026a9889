-- Grain: one row per (symbol, other_symbol, interval, bar_time) of which both symbols have a bar.
-- Filter on both symbols: there are as many pairs as symbols squared.
--   rebased, other_rebased  close with the open of the session's first common bar as 100
--   correlation_20          of the last 20 log returns from one common bar to the next
--   beta_20                 covariance of those returns over the variance of the other symbol's
-- Both are null until there are 20 returns, counting back over the nights at most as far as
-- market.intervals.recent (up to 15min 4 days, 30min 7, 60min 8, 1d 45), and where a price did
-- not move.
create or replace view bi.comparison_pairs as
with paired as (
    select
        bar.symbol,
        other.symbol as other_symbol,
        bar.interval,
        day.session_date,
        bar.session_date as bar_session_date,
        bar.bar_time,
        bar.open,
        other.open as other_open,
        bar.close,
        other.close as other_close
    from market.days as day
    cross join market.intervals as width
    inner join market.events_stream as bar
        on
            width.interval = bar.interval
            and day.session_date >= bar.session_date
            and day.begins_at - width.recent <= bar.bar_time
            and day.ends_at > bar.bar_time
    inner join market.events_stream as other
        on
            width.interval = other.interval
            and day.begins_at - width.recent <= other.bar_time
            and day.ends_at > other.bar_time
            and bar.bar_time = other.bar_time
            and bar.symbol <> other.symbol
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
    (100 * close / first_value(open) over session)::double precision as rebased,
    (100 * other_close / first_value(other_open) over session)::double precision
        as other_rebased,
    case when returns = 20 then correlation end as correlation_20,
    case when returns = 20 then beta end as beta_20
from measured
where bar_session_date = session_date
window session as (
    partition by symbol, other_symbol, interval, session_date order by bar_time
);
