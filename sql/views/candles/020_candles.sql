-- Grain: one row per (symbol, interval, start of the candle), for every interval that bars of the
-- symbol's session can be rolled up to. Candles start at whole multiples of their width in UTC. The
-- candle of a day is the official one: of regular hours, starting with their first bar, and the
-- vendor's own day once that is final. Where the hours are not known, all bars are in it. All
-- candles of a session and width come of one stored interval: of those with bars in the most slots
-- of the widest one, that which reaches furthest, and then the smallest.
--   interval        width of the candle: 1min, 5min, 15min, 30min, 60min or 1d
--   bar_time, bar_time_utc, bar_time_exchange  start of the candle
--   bars            how many were rolled up, of the interval rolled_up_from
--   rolled_up_from  interval of the bars in it
--   is_final        true if no bar in it can still change
--   adjusted        whether the vendor had adjusted a bar in it
--   covered_percent  minutes of its bars, of its width; of a day, of regular hours: null where
--                    those are not known
create or replace view bi.candles as
with sized as (
    select
        bar.symbol,
        width.interval,
        width.minutes as width_minutes,
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
        bar.regular_minutes,
        bar.tells_until,
        extract(
            epoch from case
                when width.minutes < 1440 then bar.tells_until - bar.bar_time
                else greatest(
                    least(bar.tells_until, bar.closes_at) - greatest(bar.bar_time, bar.opens_at),
                    interval '0'
                )
            end
        ) / 60 as told_minutes,
        case
            when width.minutes < 1440
                then date_bin(
                    width.minutes * interval '1 minute',
                    bar.bar_time_utc,
                    timestamp '2000-01-03'
                )
        end as candle_time_utc,
        max(bar.minutes) filter (where bar.minutes < 1440)
            over (partition by bar.symbol, bar.session_date, width.interval)
            as slot_minutes
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
        width_minutes,
        session_date,
        minutes,
        coalesce(candle_time_utc, min(bar_time_utc)) as bar_time_utc,
        (array_agg(open order by bar_time_utc))[1] as open,
        max(high) as high,
        min(low) as low,
        (array_agg(close order by bar_time_utc desc))[1] as close,
        sum(volume) as volume,
        count(*) as bars,
        bool_and(is_final) as is_final,
        bool_or(adjusted) as adjusted,
        min(rolled_up_from) as rolled_up_from,
        sum(told_minutes) as told_minutes,
        max(regular_minutes) as regular_minutes,
        max(tells_until) as tells_until,
        -- The vendor's day has no slots but is one piece.
        case
            when minutes < 1440
                then count(
                    distinct date_bin(
                        slot_minutes * interval '1 minute', bar_time_utc, timestamp '2000-01-03'
                    )
                )
            else ceil(max(told_minutes) / max(slot_minutes))
        end as slots
    from sized
    group by symbol, interval, width_minutes, session_date, minutes, candle_time_utc
),

reaching as (
    select
        *,
        minutes = 1440 and is_final as is_official,
        case when width_minutes < 1440 then width_minutes else regular_minutes end
            as whole_minutes,
        sum(slots) over source as all_slots,
        max(tells_until) over source as reaches_until
    from rolled
    window source as (partition by symbol, interval, session_date, minutes)
),

chosen as (
    select
        *,
        first_value(minutes) over (
            partition by symbol, interval, session_date
            order by is_official desc, all_slots desc nulls last, reaches_until desc, minutes asc
        ) as chosen_minutes
    from reaching
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
    bar_time_utc at time zone 'UTC' as bar_time,
    (100 * least(told_minutes, whole_minutes) / whole_minutes)::double precision
        as covered_percent
from chosen
where minutes = chosen_minutes;

-- Grain: one row per (symbol, session_date): the candle of all of a session's bars, those before
-- and after regular hours and of the night included, of the interval that bi.candles would choose.
--   bar_time        start of the first bar
--   rolled_up_from  interval of the bars in it
--   is_final        true if no bar in it can still change
--   adjusted        whether the vendor had adjusted a bar in it
create or replace view bi.candles_1d_all_hours as
with sized as (
    select
        *,
        max(minutes) over (partition by symbol, session_date) as slot_minutes
    from market.session_bars
    where minutes < 1440
),

rolled as (
    select
        symbol,
        session_date,
        minutes,
        min(bar_time) as bar_time,
        (array_agg(open order by bar_time))[1] as open,
        max(high) as high,
        min(low) as low,
        (array_agg(close order by bar_time desc))[1] as close,
        sum(volume) as volume,
        count(*) as bars,
        bool_and(is_final) as is_final,
        min(interval) as rolled_up_from,
        bool_or(adjusted) as adjusted,
        max(tells_until) as tells_until,
        count(
            distinct date_bin(
                slot_minutes * interval '1 minute', bar_time_utc, timestamp '2000-01-03'
            )
        ) as slots
    from sized
    group by symbol, session_date, minutes
)

select distinct on (symbol, session_date)
    symbol,
    bar_time,
    session_date,
    open,
    high,
    low,
    close,
    volume,
    bars,
    is_final,
    rolled_up_from,
    adjusted
from rolled
order by symbol asc, session_date asc, slots desc, tells_until desc, minutes asc;

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
            'open, high, low, close, volume, bars, is_final, rolled_up_from, covered_percent '
            'from bi.candles where interval = %1$L',
            width
        );
    end loop;
end
$$;
