-- Grain: one row per (symbol, interval, session_date), of all dates from the oldest bar stored to
-- the newest. For the views below alone: what the bars of a session are looked up by.
--
-- Each lookup names the whole key in its bounds and in its order, and has a limit that no session
-- reaches: else the planner, which cannot know how short the range is, may take the index on
-- bar_time and read the bars of all symbols, or read the whole table.
create or replace view market.sessions_of_series as
select
    series.symbol,
    series.interval,
    day.session_date,
    width.minutes,
    day.begins_at,
    day.ends_at,
    day.begins_at - width.usual_days * interval '1 day' as usual_from,
    -- As many as a day can hold.
    1440 / width.minutes as most_bars
from market.series as series
inner join market.intervals as width on series.interval = width.interval
cross join market.days as day
where
    day.ends_at > (select min(bar.bar_time) from market.events_stream as bar)
    and day.begins_at <= (select max(bar.bar_time) from market.events_stream as bar);

-- Grain: one row per (symbol, interval, bar_time): the bars of each session.
create or replace view market.session_bars as
select
    session.symbol,
    session.interval,
    session.session_date,
    session.minutes,
    bar.bar_time,
    bar.bar_time at time zone 'UTC' as bar_time_utc,
    bar.bar_time at time zone market.time_zone(session.symbol) as bar_time_exchange,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    bar.source,
    bar.freshness,
    bar.adjusted,
    bar.is_final,
    bar.observed_at,
    bar.revision,
    bar.inserted_at
from market.sessions_of_series as session
cross join
    lateral ( -- noqa: ST05
        select stored.* from market.events_stream as stored
        where
            (stored.symbol, stored.interval, stored.bar_time)
            >= (session.symbol, session.interval, session.begins_at)
            and (stored.symbol, stored.interval, stored.bar_time)
            < (session.symbol, session.interval, session.ends_at)
            and stored.session_date = session.session_date
        order by stored.symbol desc, stored.interval desc, stored.bar_time desc
        limit 3000
    ) as bar;

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

-- The same with the derived series, of bars that have them.
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

-- Likewise with at least the 1000 bars before.
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
                select stored.* from market.events_stream as stored
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
