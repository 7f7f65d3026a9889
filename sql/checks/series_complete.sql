-- Every bar is of a series that the views know.
select
    bar.symbol,
    bar.interval,
    min(bar.bar_time) as first_bar_time
from market.events_stream as bar
left join market.series as known
    on bar.symbol = known.symbol and bar.interval = known.interval
where known.symbol is null
group by bar.symbol, bar.interval
