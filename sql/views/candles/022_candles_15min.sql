-- Grain: one row per (symbol, start of the candle): bi.candles of this width, with the start of the
-- candle as an instant.
create or replace view bi.candles_15min as
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
    rolled_up_from
from bi.candles
where interval = '15min';
