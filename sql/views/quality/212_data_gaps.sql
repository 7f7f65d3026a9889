-- Grain: one row per (symbol, interval, session_date, gap): slots of regular hours without a bar in
-- a row, all for the same cause; see bi.data_quality for the causes. By the calendar of the
-- symbol's exchange; symbols of no known exchange have no row.
--   kind         no_trade, missing or outage
--   starts_at_…  when its first slot begins
--   ends_at_…    when its last slot ends
--   bars         slots in it
create or replace view bi.data_gaps as
with numbered as (
    select
        *,
        row_number() over (partition by symbol, interval, session_date order by slot_at)
        - row_number() over (partition by symbol, interval, session_date, kind order by slot_at)
            as piece
    from market.session_slots
),

gaps as (
    select
        symbol,
        interval,
        session_date,
        kind,
        min(slot_at) as starts_at,
        max(slot_ends_at) as ends_at,
        count(*) as bars
    from numbered
    where kind is not null
    group by symbol, interval, session_date, kind, piece
)

select
    symbol,
    interval,
    session_date,
    kind,
    starts_at at time zone 'UTC' as starts_at_utc,
    ends_at at time zone 'UTC' as ends_at_utc,
    starts_at at time zone market.time_zone(symbol) as starts_at_exchange,
    ends_at at time zone market.time_zone(symbol) as ends_at_exchange,
    bars
from gaps;
