-- Grain: as market.recent_bars and market.history_bars, of the bars whose derived series are
-- there. For the views below alone: each bar with what they need of it.
create or replace view market.recent_derived as
select
    bar.symbol,
    bar.interval,
    day.session_date,
    bar.session_date = day.session_date as is_session,
    bar.bar_time,
    bar.open,
    bar.high,
    bar.low,
    bar.close,
    bar.volume,
    derived.true_range,
    derived.atr_14,
    derived.volatility_20,
    derived.volume_zscore_20
from market.days as day
cross join market.intervals as width
inner join market.events_stream as bar
    on
        width.interval = bar.interval
        and day.session_date >= bar.session_date
        and day.begins_at - width.recent <= bar.bar_time
        and day.ends_at > bar.bar_time
inner join market.bar_indicators as derived
    on
        width.interval = derived.interval
        and day.begins_at - width.recent <= derived.bar_time
        and day.ends_at > derived.bar_time
        and bar.symbol = derived.symbol
        and bar.bar_time = derived.bar_time;

create or replace view market.history_derived as
select
    bar.symbol,
    bar.interval,
    day.session_date,
    bar.session_date as bar_session_date,
    bar.bar_time,
    bar.close,
    derived.sma_20,
    derived.sma_50,
    derived.bollinger_upper_20,
    derived.bollinger_lower_20,
    derived.rsi_14
from market.days as day
cross join market.intervals as width
inner join market.events_stream as bar
    on
        width.interval = bar.interval
        and day.session_date >= bar.session_date
        and day.begins_at - width.history <= bar.bar_time
        and day.ends_at > bar.bar_time
inner join market.bar_indicators as derived
    on
        width.interval = derived.interval
        and day.begins_at - width.history <= derived.bar_time
        and day.ends_at > derived.bar_time
        and bar.symbol = derived.symbol
        and bar.bar_time = derived.bar_time;
