-- Grain: one row per (symbol, interval, bar_time) of the bars that stand out, each beside what is
-- usual of those that started at the same minute of the exchange's clock on the 30 days before
-- (1min: 15 days).
--   usual_bars  how many of those there are; 0 for days
--   usual_…     root mean square of log returns and gaps, mean of ranges and volumes, deviation of
--               volumes; null where there are fewer than five
-- All minutes of a session are looked up at once, few or many.
create or replace view market.usual_beside_bars as
-- By the exchange's date too: a night may begin on the evening before.
with sessions as (
    select
        standing_out.symbol,
        standing_out.interval,
        standing_out.session_date,
        array_agg(standing_out) as bars,
        min(standing_out.bar_time) - interval '31 days' as from_time,
        max(standing_out.bar_time) as until_time,
        max(standing_out.time_zone) as time_zone,
        case when max(standing_out.minutes) = 1 then 15 else 30 end as usual_days,
        max(standing_out.split_dates) as split_dates,
        max(standing_out.split_factors) as split_factors,
        array_agg(standing_out.bar_time at time zone standing_out.time_zone)
        filter (where standing_out.minutes < 1440) as exchange_times
    from market.bars_standing_out as standing_out
    group by
        standing_out.symbol,
        standing_out.interval,
        standing_out.session_date,
        (standing_out.bar_time at time zone standing_out.time_zone)::date
)

select
    session.symbol,
    session.interval,
    session.session_date,
    beside.bar_time,
    beside.open,
    beside.high,
    beside.low,
    beside.close,
    beside.volume,
    beside.minutes,
    beside.time_zone,
    beside.number_in_part,
    beside.close_before,
    beside.came_back,
    beside.log_return,
    beside.gap_share,
    beside.range_share,
    beside.volatility_before,
    beside.atr_share,
    beside.volume_score,
    beside.usual_bars,
    beside.usual_volatility,
    beside.usual_gap,
    beside.usual_range,
    beside.usual_volume,
    beside.usual_volume_deviation
from sessions as session
cross join
    lateral (
        select array_agg(wanted.bar_time) as bar_times
        from unnest(session.exchange_times) as exchange (exchange_time)
        cross join generate_series(1, session.usual_days) as back (days)
        cross join
            lateral (
                select
                    (exchange.exchange_time - back.days * interval '1 day')
                    at time zone session.time_zone as bar_time
            ) as wanted
    ) as past
cross join
    lateral (
        select
            bar.*,
            coalesce(usual.bars, 0) as usual_bars,
            case when usual.bars >= 5 then usual.volatility end as usual_volatility,
            case when usual.bars >= 5 then usual.gap end as usual_gap,
            case when usual.bars >= 5 then usual.range end as usual_range,
            case when usual.bars >= 5 then usual.volume end as usual_volume,
            case when usual.bars >= 5 then usual.volume_deviation end as usual_volume_deviation
        from unnest(session.bars) as bar
        left join (
            select
                (stored.bar_time at time zone session.time_zone)::time as clock,
                count(*) as bars,
                sqrt(avg(power(ln(1 + derived.change_percent / 100), 2))) as volatility,
                sqrt(avg(power(stored.open / (stored.close - derived.change) - 1, 2))) as gap,
                avg(derived.true_range / (stored.close - derived.change)) as range,
                avg(stored.volume) as volume,
                stddev_samp(stored.volume) as volume_deviation
            from (
                select
                    bar.bar_time,
                    bar.open::double precision as open,
                    bar.close::double precision as close,
                    bar.volume::double precision / coalesce(
                        session.split_factors[
                            market.split_number(session.split_dates, bar.session_date, bar.basis)
                        ],
                        1
                    ) as volume
                from market.events_stream as bar
                where
                    bar.symbol = session.symbol
                    and bar.interval = session.interval
                    and bar.bar_time = any(past.bar_times)
                    -- Tells in which partitions.
                    and bar.bar_time >= session.from_time
                    and bar.bar_time < session.until_time
                offset 0 -- noqa: AM09
            ) as stored
            -- Never a nested loop, however few rows the planner expects.
            full join (
                select
                    bar.bar_time,
                    bar.change,
                    bar.change_percent,
                    bar.true_range
                from market.bar_indicators as bar
                where
                    bar.symbol = session.symbol
                    and bar.interval = session.interval
                    and bar.bar_time = any(past.bar_times)
                    and bar.bar_time >= session.from_time
                    and bar.bar_time < session.until_time
                offset 0 -- noqa: AM09
            ) as derived on stored.bar_time = derived.bar_time
            where coalesce(stored.close - derived.change, 0) <> 0
            group by clock
        ) as usual on (bar.bar_time at time zone bar.time_zone)::time = usual.clock
        offset 0 -- noqa: AM09
    ) as beside;
