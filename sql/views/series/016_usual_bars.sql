-- Grain: one row per (symbol, interval, bar_time): the bars of each session beside the means of
-- those that started at the same minute of the exchange's clock in the days before.
create or replace view market.usual_bars as
select
    session.symbol,
    session.interval,
    session.session_date,
    bar.bar_time,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.clock,
    bar.usual_bars,
    bar.usual_volume::double precision as usual_volume,
    bar.usual_return_percent,
    bar.usual_range_percent
from market.sessions_of_series as session
cross join
    lateral ( -- noqa: ST05
        with clocked as (
            select
                looked_up.*,
                (looked_up.bar_time at time zone market.time_zone(session.symbol))::time as clock,
                looked_up.session_date < session.session_date as is_past,
                (100 * (looked_up.close / looked_up.open - 1))::double precision
                    as return_percent,
                (100 * (looked_up.high - looked_up.low) / looked_up.open)::double precision
                    as range_percent
            from (
                select
                    stored.bar_time,
                    stored.session_date,
                    stored.open,
                    stored.high,
                    stored.low,
                    stored.close,
                    market.scaled(stored.volume, split.numerator, split.denominator, 1) as volume
                from market.events_stream as stored
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
            ) as looked_up
        )

        select
            *,
            count(*) filter (where is_past) over same_minute as usual_bars,
            avg(volume) filter (where is_past) over same_minute as usual_volume,
            avg(return_percent) filter (where is_past) over same_minute as usual_return_percent,
            avg(range_percent) filter (where is_past) over same_minute as usual_range_percent
        from clocked
        window same_minute as (partition by clock)
    ) as bar
where bar.session_date = session.session_date;
