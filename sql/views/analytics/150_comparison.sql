-- Grain: one row per (symbol, interval, bar_time): prices of symbols made comparable.
--   base_price              open of the session's first stored bar, in the quote unit
--   rebased                 close with base_price as 100
--   session_return_percent  rebased less 100
create or replace view bi.comparison as
with based as (
    select
        *,
        first_value(open)
            over (partition by symbol, interval, session_date order by bar_time)
            as base_price
    from market.session_bars
)

select
    symbol,
    interval,
    session_date,
    bar_time_utc,
    bar_time_exchange,
    close,
    base_price,
    (100 * close / base_price)::double precision as rebased,
    (100 * (close / base_price - 1))::double precision as session_return_percent,
    bar_time
from based;
