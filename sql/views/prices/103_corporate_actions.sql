-- Grain: one row per (symbol, kind, ex_date, number): the splits, spin-offs and cash dividends that
-- the vendor names.
--   kind             split, spin_off or dividend
--   number           0, and further ones where there are several of a kind on a date
--   ex_date          first session on the new basis
--   numerator        of the exact ratio of a split (new shares) or a spin-off, else null
--   denominator      of the same (for so many old ones)
--   amount           cash, in the quote unit, for a share as it was held before, else null
--   declaration_date, record_date, payment_date  as the vendor tells them; null where it does not
--   is_in_force      whether a bar of that session or a later one is stored
--   reference_close  of a dividend in force: the close of regular hours of the last session before,
--                    as traded, in the quote unit; null if no bar of the two weeks before is stored
--   reference_date   the session of reference_close
--   price_factor     what it multiplies earlier prices by (spin-offs and dividends: of the total
--                    return alone), to ten decimals; null where it is not known
create or replace view bi.corporate_actions as
select
    action.symbol,
    action.kind,
    action.ex_date,
    action.number,
    action.numerator,
    action.denominator,
    action.amount,
    action.declaration_date,
    action.record_date,
    action.payment_date,
    day.ex_date is not null as is_in_force,
    case when action.kind = 'dividend' then day.reference_close end as reference_close,
    case when action.kind = 'dividend' then day.reference_date end as reference_date,
    case
        when action.kind <> 'dividend'
            then market.scaled(1, action.denominator, action.numerator, 1e-10)
        when day.reference_close > action.amount
            then market.scaled(
                1, day.reference_close - action.amount, day.reference_close, 1e-10
            )
    end as price_factor,
    action.source,
    action.revision,
    action.observed_at at time zone 'UTC' as observed_at_utc
from market.corporate_actions as action
left join market.action_days as day
    on action.symbol = day.symbol and action.ex_date = day.ex_date
where not action.is_withdrawn;
