-- Grain: one row per (exchange, session_date): regular hours of each session, with the noon break
-- where there is one.
--   exchange    market identifier code, such as XNYS; FX, CRYPTO or INDEX of what is no share
--   break_starts_at_utc, break_ends_at_utc  the noon break; null where there is none
--   is_assumed  the calendar does not know the date: a weekday, with the regular hours of today; of
--               FX, 25 December and 1 January, when there may be no trade
create or replace view bi.exchange_sessions as
select
    exchange,
    session_date,
    opens_at at time zone 'UTC' as opens_at_utc,
    closes_at at time zone 'UTC' as closes_at_utc,
    break_starts_at at time zone 'UTC' as break_starts_at_utc,
    break_ends_at at time zone 'UTC' as break_ends_at_utc,
    is_early_close,
    is_assumed
from market.exchange_sessions;
