-- Grain: one row per (symbol, interval) whose bars may not all be compared with each other: some
-- are of unknown basis, or they are on several. No row: one known basis (docs/prices.md).
--   raw_bars       stored bars as traded
--   adjusted_bars  stored bars that were adjusted, for splits alone or for dividends as well
--   unknown_bars   stored bars of which the basis is not known
--   bases          how many bases they are on, those of each day apart, and of each kind
create or replace view bi.price_bases as
with by_basis as (
    select
        symbol,
        interval,
        basis,
        count(*) as bars
    from market.events_stream
    where basis <> 'raw'
    group by symbol, interval, basis
),

by_series as (
    select
        symbol,
        interval,
        count(*) as bases,
        sum(bars)::bigint as bars,
        coalesce(sum(bars) filter (where basis = 'unknown'), 0)::bigint as unknown_bars
    from by_basis
    group by symbol, interval
)

select
    series.symbol,
    series.interval,
    stored.bars - series.bars as raw_bars,
    series.bars - series.unknown_bars as adjusted_bars,
    series.unknown_bars,
    series.bases + (stored.bars > series.bars)::integer as bases
from by_series as series
cross join
    lateral (
        select count(*) as bars from market.events_stream as bar
        where
            (bar.symbol, bar.interval, bar.bar_time)
            >= (series.symbol, series.interval, '-infinity'::timestamptz)
            and (bar.symbol, bar.interval, bar.bar_time)
            < (series.symbol, series.interval, 'infinity'::timestamptz)
    ) as stored
where series.unknown_bars > 0 or series.bases > 1 or stored.bars > series.bars;
