-- Grain: one row per (symbol, interval, start of the candle), for every interval that bars of the
-- symbol's session can be rolled up to. Candles start at whole multiples of their width in UTC. The
-- candle of a day is the official one: of regular hours, starting with their first bar, and the
-- vendor's own day once that is final. Where the hours are not known, all bars are in it. All
-- candles of a session and width come of one stored interval: of those with bars in the most slots
-- of the widest one, that which reaches furthest, then that which tells of the most minutes, and
-- then the smallest.
--   interval        width of the candle: 1min, 5min, 15min, 30min, 60min or 1d
--   bar_time, bar_time_utc, bar_time_exchange  start of the candle
--   bars            how many were rolled up, of the interval rolled_up_from
--   rolled_up_from  interval of the bars in it
--   is_final        true if no bar in it can still change
--   adjusted        whether the vendor had adjusted a bar in it
--   basis           that of all bars in it; mixed where they are on several
--   covered_percent  minutes of its bars, of its width; of a day, of regular hours: null where
--                    those are not known
create or replace view bi.candles as
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
    covered_percent,
    basis
from market.candles_on_the_clock;

-- Grain: one row per (symbol, start of the candle) of regular hours, by the hour from the opening:
-- in New York 09:30, 10:30 and so on. Hours are counted again from the end of a noon break, and the
-- last before a break or the close is as short as what is left. None where the hours are not known.
-- They are rolled up from intervals below 60min of which no bar reaches over the start of a candle;
-- which of these, as in bi.candles.
--   bar_time        start of the candle
--   bars            how many were rolled up, of the interval rolled_up_from
--   rolled_up_from  interval of the bars in it
--   is_final        true if no bar in it can still change
--   adjusted        whether the vendor had adjusted a bar in it
--   basis           that of all bars in it; mixed where they are on several
--   covered_percent  minutes of its bars, of its length
create or replace view bi.candles_60min_from_open as
select
    symbol,
    bar_time_utc at time zone 'UTC' as bar_time,
    session_date,
    open,
    high,
    low,
    close,
    volume,
    bars,
    is_final,
    rolled_up_from,
    covered_percent,
    adjusted,
    basis
from market.candles_from_open;

-- Grain: one row per (symbol, session_date): the candle of all of a session's bars, those before
-- and after regular hours and of the night included, of the interval that bi.candles would choose.
--   bar_time        start of the first bar
--   rolled_up_from  interval of the bars in it
--   is_final        true if no bar in it can still change
--   adjusted        whether the vendor had adjusted a bar in it
--   basis           that of all bars in it; mixed where they are on several
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
        case when min(basis) = max(basis) then min(basis) else 'mixed' end as basis,
        max(tells_until) as tells_until,
        sum(tells_until - bar_time) as told,
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
    adjusted,
    basis
from rolled
order by
    symbol asc, session_date asc, slots desc, tells_until desc, told desc, minutes asc;

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
