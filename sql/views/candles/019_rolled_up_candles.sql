-- Rolls bars up: what bi.candles and bi.candles_60min_from_open are made of. They differ in where
-- candles start, and in which bars are in them; of the session's intervals both choose alike.
do $$
declare
    on_the_clock constant text := $bars$
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
        bar.basis,
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
    $bars$;
    from_open constant text := $bars$
    select
        bar.symbol,
        '60min' as interval,
        candle.minutes as width_minutes,
        bar.session_date,
        bar.bar_time_utc,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        bar.is_final,
        bar.adjusted,
        bar.basis,
        bar.interval as rolled_up_from,
        bar.minutes,
        bar.regular_minutes,
        bar.tells_until,
        extract(epoch from bar.tells_until - bar.bar_time) / 60 as told_minutes,
        candle.starts_at at time zone 'UTC' as candle_time_utc,
        max(bar.minutes) over (partition by bar.symbol, bar.session_date) as slot_minutes
    from market.session_bars as bar
    inner join market.exchange_sessions as trade
        on
            trade.exchange = market.exchange(bar.symbol)
            and bar.session_date = trade.session_date
    cross join
        lateral (
            select
                part.ends_at,
                date_bin(interval '1 hour', bar.bar_time, part.starts_at) as starts_at,
                extract(
                    epoch from least(
                        interval '1 hour',
                        part.ends_at
                        - date_bin(interval '1 hour', bar.bar_time, part.starts_at)
                    )
                ) / 60 as minutes
            from (
                values
                (trade.opens_at, coalesce(trade.break_starts_at, trade.closes_at)),
                (trade.break_ends_at, trade.closes_at)
            ) as part (starts_at, ends_at)
            where
                bar.bar_time >= part.starts_at
                and bar.bar_time < part.ends_at
                -- None of its bars may reach over the start of a candle.
                and mod(extract(epoch from part.starts_at), 60 * bar.minutes) = 0
        ) as candle
    where bar.minutes < 60
    $bars$;
    rolled_up constant text := $rolled_up$
create or replace view market.%1$I as
with sized as (
%2$s
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
        case when min(basis) = max(basis) then min(basis) else 'mixed' end as basis,
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
        sum(told_minutes) over source as all_told_minutes,
        max(tells_until) over source as reaches_until
    from rolled
    window source as (partition by symbol, interval, session_date, minutes)
),

chosen as (
    select
        *,
        first_value(minutes) over (
            partition by symbol, interval, session_date
            order by
                is_official desc,
                all_slots desc nulls last,
                reaches_until desc,
                all_told_minutes desc nulls last,
                minutes asc
        ) as chosen_minutes
    from reaching
)

select
    symbol,
    interval,
    session_date,
    bar_time_utc,
    open,
    high,
    low,
    close,
    volume,
    bars,
    is_final,
    rolled_up_from,
    adjusted,
    (100 * least(told_minutes, whole_minutes) / whole_minutes)::double precision
        as covered_percent,
    basis
from chosen
where minutes = chosen_minutes
    $rolled_up$;
begin
    execute format(rolled_up, 'candles_on_the_clock', on_the_clock);
    execute format(rolled_up, 'candles_from_open', from_open);
end
$$;
