-- Indicators look back across splits now: those of the bars from each split on are derived again.

lock table market.indicator_work in share row exclusive mode;
insert into market.indicator_work (symbol, interval, from_time, until_time)
select
    series.symbol,
    series.interval,
    min(split.ex_date) - interval '4 days' as from_time,
    max(split.ex_date) + interval '4 days' as until_time
from market.series as series
inner join market.corporate_actions as split on series.symbol = split.symbol
where split.kind = 'split' and not split.is_withdrawn
group by series.symbol, series.interval;
