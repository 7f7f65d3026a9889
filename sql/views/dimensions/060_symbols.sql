-- Grain: one row per symbol of which a bar is stored.
--   exchange   market identifier code, told by the symbol's suffix; no known suffix is New York
--   time_zone  the clock of every column that is named _exchange
create or replace view bi.symbols as
select
    symbol,
    market.exchange(symbol) as exchange,
    market.time_zone(symbol) as time_zone,
    count(*)::integer as intervals
from market.series
group by symbol;
