-- Grain: one row per (symbol, interval, session_date), of all dates from the oldest bar stored to
-- the newest. For the views below alone: what bars before a session are looked up by.
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
cross join lateral (
    select stored.* from market.events_stream as stored
    where
        stored.symbol = session.symbol
        and stored.interval = session.interval
        and stored.session_date <= session.session_date
        and stored.bar_time < session.ends_at
    order by stored.bar_time desc limit session.most_bars + 25
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
    lateral (
        select stored.* from market.events_stream as stored
        where
            stored.symbol = session.symbol
            and stored.interval = session.interval
            and stored.session_date <= session.session_date
            and stored.bar_time < session.ends_at
        order by stored.bar_time desc limit session.most_bars + 25
    ) as bar
inner join
    lateral (
        select stored.* from market.bar_indicators as stored
        where
            stored.symbol = session.symbol
            and stored.interval = session.interval
            and stored.session_date <= session.session_date
            and stored.bar_time < session.ends_at
        order by stored.bar_time desc limit session.most_bars + 25
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
    lateral (
        select stored.* from market.events_stream as stored
        where
            stored.symbol = session.symbol
            and stored.interval = session.interval
            and stored.session_date <= session.session_date
            and stored.bar_time < session.ends_at
        order by stored.bar_time desc limit session.most_bars + 1000
    ) as bar
inner join
    lateral (
        select stored.* from market.bar_indicators as stored
        where
            stored.symbol = session.symbol
            and stored.interval = session.interval
            and stored.session_date <= session.session_date
            and stored.bar_time < session.ends_at
        order by stored.bar_time desc limit session.most_bars + 1000
    ) as derived
    on bar.bar_time = derived.bar_time;

-- Grain: one row per (symbol, interval, bar_time): the bars of each session beside the means of
-- those that started at the same minute of the exchange's clock in the days before.
create or replace view market.usual_bars as
select
    session.symbol,
    session.interval,
    session.session_date,
    own.bar_time,
    own.open,
    own.high,
    own.low,
    own.close,
    own.volume,
    own.clock,
    coalesce(usual.bars, 0) as usual_bars,
    usual.volume as usual_volume,
    usual.return_percent as usual_return_percent,
    usual.range_percent as usual_range_percent
from market.sessions_of_series as session
cross join
    lateral (
        select
            stored.*,
            (stored.bar_time at time zone market.time_zone(stored.symbol))::time as clock
        from market.events_stream as stored
        where
            stored.symbol = session.symbol
            and stored.interval = session.interval
            and stored.session_date = session.session_date
            and stored.bar_time >= session.begins_at
            and stored.bar_time < session.ends_at
        offset 0 -- noqa: AM09
    ) as own
left join
    lateral (
        select
            (stored.bar_time at time zone market.time_zone(stored.symbol))::time as clock,
            count(*) as bars,
            avg(stored.volume)::double precision as volume,
            avg((100 * (stored.close / stored.open - 1))::double precision) as return_percent,
            avg((100 * (stored.high - stored.low) / stored.open)::double precision)
                as range_percent
        from market.events_stream as stored
        where
            stored.symbol = session.symbol
            and stored.interval = session.interval
            and stored.session_date < session.session_date
            and stored.bar_time >= session.usual_from
            and stored.bar_time < session.ends_at
        group by clock
    ) as usual
    on own.clock = usual.clock;
