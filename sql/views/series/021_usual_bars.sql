-- Grain: one row per (symbol, interval, bar_time): the bars of each session beside the means of
-- those that started at the same minute of the exchange's clock in the days before.
create or replace view market.usual_bars as
with clocked as (
    select
        *,
        market.scaled(volume, split_numerator, split_denominator, 1) as rebased_volume,
        (bar_time at time zone time_zone)::time as clock,
        bar_session_date < session_date as is_past,
        (100 * (close / open - 1))::double precision as return_percent,
        (100 * (high - low) / open)::double precision as range_percent
    from market.bars_of_past_days
),

measured as (
    select
        *,
        count(*) filter (where is_past) over same_minute as usual_bars,
        avg(rebased_volume) filter (where is_past) over same_minute as usual_volume,
        avg(return_percent) filter (where is_past) over same_minute as usual_return_percent,
        avg(range_percent) filter (where is_past) over same_minute as usual_range_percent
    from clocked
    window same_minute as (partition by symbol, interval, session_date, clock)
)

select
    symbol,
    interval,
    session_date,
    bar_time,
    open,
    high,
    low,
    close,
    volume,
    time_zone,
    clock,
    usual_bars,
    usual_volume::double precision as usual_volume,
    usual_return_percent,
    usual_range_percent
from measured
where not is_past;
