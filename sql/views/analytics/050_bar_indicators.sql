-- Grain: one row per (symbol, interval, bar_time): the indicators of each bar.
--   computed_at  when this row was computed
--
-- The day is joined so that a filter on its date becomes a range of bar_time, which the key serves.
create or replace view bi.bar_indicators as
select
    derived.symbol,
    derived.bar_time,
    derived.interval,
    day.session_date,
    derived.change,
    derived.change_percent,
    derived.sma_20,
    derived.sma_50,
    derived.sma_200,
    derived.ema_12,
    derived.ema_26,
    derived.ema_50,
    derived.vwap,
    derived.true_range,
    derived.atr_14,
    derived.volatility_20,
    derived.bollinger_upper_20,
    derived.sma_20 as bollinger_middle_20,
    derived.bollinger_lower_20,
    derived.rsi_14,
    derived.volume_zscore_20,
    derived.computed_at
from market.bar_indicators as derived
inner join market.days as day
    on
        derived.session_date = day.session_date
        and derived.bar_time >= day.begins_at
        and derived.bar_time < day.ends_at;
