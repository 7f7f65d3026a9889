-- Prices are positive and within [low, high]; volumes are not negative.
select
    symbol,
    interval,
    bar_time,
    open,
    high,
    low,
    close,
    volume
from market.events_stream
where
    low <= 0
    or volume < 0
    or high < greatest(open, close)
    or low > least(open, close)
