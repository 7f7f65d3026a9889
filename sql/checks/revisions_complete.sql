-- A bar at revision n has exactly n - 1 replaced values.
select
    bar.symbol,
    bar.interval,
    bar.bar_time,
    bar.revision,
    count(old.revision) as replaced
from market.events_stream as bar
left join market.bar_revisions as old
    on
        bar.symbol = old.symbol
        and bar.interval = old.interval
        and bar.bar_time = old.bar_time
group by bar.symbol, bar.interval, bar.bar_time, bar.revision
having bar.revision - 1 <> count(old.revision)
