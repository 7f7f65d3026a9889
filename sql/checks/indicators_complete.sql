-- Every bar has its indicators, or word that they are due.
select
    bar.symbol,
    bar.interval,
    bar.bar_time
from market.events_stream as bar
left join market.bar_indicators as derived
    on
        bar.symbol = derived.symbol
        and bar.interval = derived.interval
        and bar.bar_time = derived.bar_time
where
    derived.symbol is null
    and not exists (
        select from market.indicator_work as due
        where
            due.symbol = bar.symbol
            and due.interval = bar.interval
            and due.from_time <= bar.bar_time
    )
