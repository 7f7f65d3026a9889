-- Grain: one row per (symbol, interval, bar_time): the bars of each session beside what their
-- volatility by year is made of. Where the hours are not known, all bars are of regular hours.
--   volatility       sample deviation of the last 20 log returns from one bar of regular hours to
--                    the next, over the nights too; null until there are 20
--   bars_a_session   how many of those a session of the days before had, or can have if it is the
--                    first
--   sessions_a_year  of the exchange, in the 365 days until the session; 252 where not known
create or replace view market.yearly_volatility as
select
    session.symbol,
    session.interval,
    session.session_date,
    session.minutes,
    session.time_zone,
    bar.bar_time,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volatility,
    coalesce(
        bar.bars_before::double precision / nullif(bar.sessions - 1, 0),
        case
            when session.minutes = 1440 then 1
            else session.regular_minutes::double precision / session.minutes
        end
    ) as bars_a_session,
    coalesce(
        (
            select nullif(count(*), 0) from market.exchange_sessions as open
            where
                open.exchange = market.exchange(session.symbol)
                and open.session_date > session.session_date - 365
                and open.session_date <= session.session_date
        ),
        252
    ) as sessions_a_year
from market.sessions_of_series as session
cross join
    lateral ( -- noqa: ST05
        with looked_up as (
            select
                stored.bar_time,
                stored.session_date,
                stored.open,
                stored.high,
                stored.low,
                market.scaled(stored.close, split.denominator, split.numerator, 1e-10) as close,
                session.minutes = 1440
                or trade.opens_at is null
                or (
                    stored.bar_time < trade.closes_at
                    and stored.bar_time + session.minutes * interval '1 minute' > trade.opens_at
                ) as is_regular
            from market.events_stream as stored
            left join market.exchange_sessions as trade
                on
                    trade.exchange = market.exchange(session.symbol)
                    and stored.session_date = trade.session_date
            left join lateral (
                select
                    market.product(numerator) as numerator,
                    market.product(denominator) as denominator
                from market.splits
                where
                    session.split_date > stored.session_date
                    and stored.basis = 'raw'
                    and symbol = session.symbol
                    and ex_date > stored.session_date
                    and ex_date <= session.session_date
                having count(*) > 0
            ) as split on true
            where
                (stored.symbol, stored.interval, stored.bar_time)
                >= (session.symbol, session.interval, session.usual_from)
                and (stored.symbol, stored.interval, stored.bar_time)
                < (session.symbol, session.interval, session.ends_at)
                and stored.session_date <= session.session_date
            order by stored.symbol desc, stored.interval desc, stored.bar_time desc
            limit 16000
        ),

        moved as (
            select
                *,
                ln((close / lag(close) over so_far)::double precision) as log_return,
                dense_rank() over (order by session_date) as sessions,
                count(*) filter (where is_regular) over (order by bar_time) as regular_bars,
                count(*) filter (where is_regular and session_date < session.session_date)
                    over () as bars_before
            from looked_up
            window so_far as (partition by is_regular order by bar_time)
        ),

        measured as (
            select
                *,
                case
                    when is_regular and count(log_return) over last_20 = 20
                        then stddev_samp(log_return) over last_20
                end as deviation
            from moved
            window last_20 as (partition by is_regular order by bar_time rows 19 preceding)
        )

        -- Other bars have that of the last one of regular hours.
        select
            *,
            first_value(deviation) over (partition by regular_bars order by bar_time) as volatility
        from measured
    ) as bar
where bar.session_date = session.session_date;
