-- Grain: one row per (symbol, interval, bar_time): the bars of each session beside what their
-- volatility by year is made of. Where the hours are not known, all bars are of regular hours.
--   volatility       sample deviation of the last 20 log returns from one bar of regular hours to
--                    the next, over the nights too; null until there are 20
--   bars_a_session   how many of those a session of the days before had, or can have if it is the
--                    first
--   sessions_a_year  of the exchange, in the 365 days until the session; 252 where not known
create or replace view market.yearly_volatility as
with placed as (
    select
        bar.*,
        bar.minutes = 1440
        or trade.opens_at is null
        or (
            bar.bar_time < trade.closes_at
            and bar.bar_time + bar.minutes * interval '1 minute' > trade.opens_at
        ) as is_regular
    from market.bars_of_past_days as bar
    left join market.exchange_sessions as trade
        on
            trade.exchange = market.exchange(bar.symbol)
            and bar.bar_session_date = trade.session_date
),

numbered as (
    select
        *,
        dense_rank() over (session order by bar_session_date) as sessions,
        count(*) filter (where is_regular)
            over (session order by bar_session_date, bar_time) as regular_bars,
        count(*) filter (where is_regular and bar_session_date < session_date)
            over session as bars_before
    from placed
    window session as (partition by symbol, interval, session_date)
),

-- Of the bars before the session as many as its first bar looks back on.
moved as (
    select
        *,
        ln(
            (
                market.scaled(close, split_denominator, split_numerator, 1e-10)
                / lag(market.scaled(close, split_denominator, split_numerator, 1e-10)) over so_far
            )::double precision
        ) as log_return
    from numbered
    where regular_bars > bars_before - 22
    window
        so_far as (
            partition by symbol, interval, session_date, is_regular
            order by bar_session_date, bar_time
        )
),

measured as (
    select
        *,
        case
            when is_regular and count(log_return) over last_20 = 20
                then stddev_samp(log_return) over last_20
        end as deviation
    from moved
    window
        last_20 as (
            partition by symbol, interval, session_date, is_regular
            order by bar_session_date, bar_time
            rows 19 preceding
        )
),

-- Other bars have that of the last one of regular hours.
carried as (
    select
        *,
        first_value(deviation) over (
            partition by symbol, interval, session_date, regular_bars order by bar_time
        ) as volatility
    from measured
),

-- Looked up once a session.
counted as (
    select
        bar.*,
        max(year.sessions) over (partition by bar.symbol, bar.interval, bar.session_date)
            as sessions_a_year
    from (
        select
            *,
            row_number() over (partition by symbol, interval, session_date order by bar_time)
                as number
        from carried
        where bar_session_date = session_date
    ) as bar
    cross join
        lateral (
            select count(*) as sessions from market.exchange_sessions as open
            where
                bar.number = 1
                and open.exchange = market.exchange(bar.symbol)
                and open.session_date > bar.session_date - 365
                and open.session_date <= bar.session_date
        ) as year
)

select
    symbol,
    interval,
    session_date,
    minutes,
    time_zone,
    bar_time,
    open,
    high,
    low,
    close,
    volatility,
    coalesce(
        bars_before::double precision / nullif(sessions - 1, 0),
        case
            when minutes = 1440 then 1
            else regular_minutes::double precision / minutes
        end
    ) as bars_a_session,
    coalesce(nullif(sessions_a_year, 0), 252) as sessions_a_year
from counted;
