-- Grain: one row per (symbol, interval, bar_time): prices of symbols made comparable.
--   base_price              open of the session's regular hours, in the quote unit: the same on
--                           every interval and beside whatever symbols; null before them. Where the
--                           hours are not known, open of the session
--   rebased                 close with base_price as 100
--   session_return_percent  rebased less 100
--   base_time               when base_price was traded
create or replace view bi.comparison as
with numbered as (
    select
        *,
        row_number() over (partition by symbol, interval, session_date order by bar_time) as number
    from market.session_bars
),

-- Looked up once a session.
looked_up as (
    select
        bar.*,
        base.open as base_of_first,
        base.base_time as base_time_of_first
    from numbered as bar
    left join lateral (
        select
            told.open,
            told.base_time
        from market.session_bases as told
        where
            bar.number = 1
            and told.symbol = bar.symbol
            and told.session_date = bar.session_date
        order by told.session_date
        limit 1
    ) as base on true
),

based as (
    select
        *,
        max(base_of_first) over session as base_price,
        max(base_time_of_first) over session as base_time
    from looked_up
    window session as (partition by symbol, interval, session_date)
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
    bar_time,
    base_time
from based;
