-- Grain: one row per (symbol, interval, start of the candle), for every interval that bars of the
-- symbol's session can be rolled up to. Each candle comes of the smallest interval stored for the
-- symbol on that session. Candles start at whole multiples of their width in UTC. The candle of a
-- day is the official one: of regular hours, starting with their first bar, and the vendor's own
-- day once that is final. Where the hours are not known, all bars are in it.
--   interval        width of the candle: 1min, 5min, 15min, 30min, 60min or 1d
--   bar_time, bar_time_utc, bar_time_exchange  start of the candle
--   bars            how many were rolled up, of the interval rolled_up_from
--   rolled_up_from  interval of the bars in it
--   is_final        true if no bar in it can still change
--   adjusted        whether the vendor had adjusted a bar in it
create or replace view bi.candles as
with sized as (
    select
        bar.symbol,
        width.interval,
        bar.session_date,
        bar.bar_time_utc,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        bar.is_final,
        bar.adjusted,
        bar.interval as rolled_up_from,
        bar.minutes,
        case
            when
                width.minutes = 1440
                and bool_or(bar.minutes = 1440 and bar.is_final)
                    over (partition by bar.symbol, bar.session_date, width.interval)
                then 1440
            else
                min(bar.minutes)
                    over (partition by bar.symbol, bar.session_date, width.interval)
        end as smallest,
        case
            when width.minutes < 1440
                then date_bin(
                    width.minutes * interval '1 minute',
                    bar.bar_time_utc,
                    timestamp '2000-01-03'
                )
        end as candle_time_utc
    from market.session_bars as bar
    inner join market.intervals as width
        on
            bar.minutes <= width.minutes
            and (width.minutes < 1440 or coalesce(bar.session_part, 'regular') = 'regular')
),

rolled as (
    select
        symbol,
        interval,
        session_date,
        coalesce(candle_time_utc, min(bar_time_utc)) as bar_time_utc,
        (array_agg(open order by bar_time_utc))[1] as open,
        max(high) as high,
        min(low) as low,
        (array_agg(close order by bar_time_utc desc))[1] as close,
        sum(volume) as volume,
        count(*) as bars,
        bool_and(is_final) as is_final,
        bool_or(adjusted) as adjusted,
        min(rolled_up_from) as rolled_up_from
    from sized
    where minutes = smallest
    group by symbol, interval, session_date, candle_time_utc
)

select
    symbol,
    interval,
    session_date,
    bar_time_utc,
    bar_time_utc at time zone 'UTC' at time zone market.time_zone(symbol) as bar_time_exchange,
    open,
    high,
    low,
    close,
    volume,
    case sign(close - open) when 1 then 'up' when -1 then 'down' else 'none' end as direction,
    bars,
    is_final,
    rolled_up_from,
    adjusted,
    bar_time_utc at time zone 'UTC' as bar_time
from rolled;

-- Grain: one row per (symbol, session_date): the candle of all of a session's bars, those before
-- and after regular hours and of the night included, of the smallest interval stored.
--   bar_time        start of the first bar
--   rolled_up_from  interval of the bars in it
--   is_final        true if no bar in it can still change
--   adjusted        whether the vendor had adjusted a bar in it
create or replace view bi.candles_1d_all_hours as
with sized as (
    select
        *,
        min(minutes) over (partition by symbol, session_date) as smallest
    from market.session_bars
    where minutes < 1440
)

select
    symbol,
    min(bar_time) as bar_time,
    session_date,
    (array_agg(open order by bar_time))[1] as open,
    max(high) as high,
    min(low) as low,
    (array_agg(close order by bar_time desc))[1] as close,
    sum(volume) as volume,
    count(*) as bars,
    bool_and(is_final) as is_final,
    min(interval) as rolled_up_from,
    bool_or(adjusted) as adjusted
from sized
where minutes = smallest
group by symbol, session_date;

-- Grain: one row per (symbol, bar_time): bi.candles_5min, bi.candles_15min and so on.
--   …_5min, …_15min, …_30min, …_60min, …_1d  of one width
do $$
declare
    width text;
begin
    for width in select interval from market.intervals where minutes > 1 loop
        execute format(
            'create or replace view bi.candles_%1$s as '
            'select symbol, bar_time, session_date, '
            'open, high, low, close, volume, bars, is_final, rolled_up_from '
            'from bi.candles where interval = %1$L',
            width
        );
    end loop;
end
$$;
