-- Grain: one row per (symbol, interval, session_date), of all dates from the oldest bar stored to
-- the newest. For the next views alone: what the bars of a session are looked up by.
--
-- What was traded before a split is brought to the basis of the session by the exact ratio of all
-- splits since: market.split_number tells which of split_numerators and split_denominators that is.
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
    (day.session_date - width.usual_days)::timestamp at time zone 'UTC'
    - interval '9 hours' as usual_from,
    -- As many as a day can hold.
    1440 / width.minutes as most_bars,
    market.time_zone(series.symbol) as time_zone,
    trade.opens_at,
    trade.closes_at,
    market.night_ends_at(series.symbol, day.session_date) as night_ends_at,
    extract(
        epoch from trade.closes_at - trade.opens_at
        - coalesce(trade.break_ends_at - trade.break_starts_at, interval '0')
    ) / 60 as regular_minutes,
    split.dates as split_dates,
    split.numerators as split_numerators,
    split.denominators as split_denominators,
    -- What prices are multiplied by, as floats.
    split.factors as split_factors,
    split.last_date as last_split_date
from market.series as series
inner join market.intervals as width on series.interval = width.interval
cross join market.days as day
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(series.symbol)
        and day.session_date = trade.session_date
-- Looked up once a session.
left join lateral ( -- noqa: ST05
    select
        array_agg(since.ex_date order by since.ex_date) as dates,
        array_agg(since.numerator order by since.ex_date) as numerators,
        array_agg(since.denominator order by since.ex_date) as denominators,
        array_agg(
            (since.denominator / since.numerator)::double precision order by since.ex_date
        ) as factors,
        max(since.ex_date) as last_date
    from (
        select
            ex_date,
            market.product(numerator) over later as numerator,
            market.product(denominator) over later as denominator
        from market.splits
        where symbol = series.symbol and ex_date <= day.session_date
        window later as (order by ex_date desc)
    ) as since
) as split on true
where
    day.ends_at > (select min(bar.bar_time) from market.events_stream as bar)
    and day.begins_at <= (select max(bar.bar_time) from market.events_stream as bar);
