-- Grain: one row per (symbol, start of the candle), rolled up from the smallest interval that
-- is stored for the symbol on that session. Candles start at whole multiples of their width in
-- UTC; a function, so that each width is one line below, and inlined, so that a filter on
-- symbol or session_date reaches the primary key.
create or replace function bi.candles(width interval)
returns table (
    symbol text,
    bar_time timestamptz,
    session_date date,
    open numeric,
    high numeric,
    low numeric,
    close numeric,
    volume numeric,
    bars bigint,
    is_final boolean,
    rolled_up_from text
)
language sql stable parallel safe
as $$
    with sized as (
        select
            b.symbol, b.bar_time, b.session_date, b.open, b.high, b.low, b.close, b.volume,
            b.is_final, b.interval, i.minutes,
            min(i.minutes) over (partition by b.symbol, b.session_date) as smallest,
            case
                when width < interval '1 day'
                    then date_bin(width, b.bar_time, timestamptz '2000-01-03 00:00:00+00')
            end as candle_time
        from bi.events_stream as b
        inner join (
            values
            ('1min', 1), ('5min', 5), ('15min', 15), ('30min', 30), ('60min', 60), ('1d', 1440)
        ) as i (interval, minutes) on b.interval = i.interval
        where i.minutes * interval '1 minute' <= width
    )

    select
        s.symbol,
        coalesce(s.candle_time, min(s.bar_time)) as bar_time,
        s.session_date,
        (array_agg(s.open order by s.bar_time))[1] as open,
        max(s.high) as high,
        min(s.low) as low,
        (array_agg(s.close order by s.bar_time desc))[1] as close,
        sum(s.volume) as volume,
        count(*) as bars,
        bool_and(s.is_final) as is_final,
        min(s.interval) as rolled_up_from
    from sized as s
    where s.minutes = s.smallest
    group by s.symbol, s.session_date, s.candle_time
$$;

create or replace view bi.candles_5min as
select * from bi.candles(interval '5 minutes'); -- noqa: AM04
create or replace view bi.candles_15min as
select * from bi.candles(interval '15 minutes'); -- noqa: AM04
create or replace view bi.candles_30min as
select * from bi.candles(interval '30 minutes'); -- noqa: AM04
create or replace view bi.candles_60min as
select * from bi.candles(interval '60 minutes'); -- noqa: AM04
create or replace view bi.candles_1d as
select * from bi.candles(interval '1 day'); -- noqa: AM04
