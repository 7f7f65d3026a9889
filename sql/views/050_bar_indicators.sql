-- Grain: one row per (symbol, interval, bar_time): the derived series of each bar.
create or replace view bi.bar_indicators as
select
    symbol,
    bar_time,
    interval,
    session_date,
    change,
    change_percent,
    sma_20,
    sma_50,
    sma_200,
    ema_12,
    ema_26,
    ema_50,
    vwap,
    true_range,
    atr_14,
    volatility_20,
    bollinger_upper_20,
    sma_20 as bollinger_middle_20,
    bollinger_lower_20,
    rsi_14,
    volume_zscore_20,
    computed_at
from market.bar_indicators;
