-- A price or a volume on another basis: multiplied exactly by a fraction, then rounded once, half
-- up, to a multiple of `step`. A null numerator changes nothing.
create or replace function market.scaled(
    value numeric, numerator numeric, denominator numeric, step numeric
) returns numeric
language sql immutable parallel safe
return case
    when numerator is null then value
    else trim_scale(
        step * div(2 * value * numerator + step * denominator, 2 * step * denominator)
    )
end;

-- Grain: one row per split. Prices before ex_date are divided by numerator / denominator, volumes
-- multiplied.
create or replace view market.splits as
select
    symbol,
    ex_date,
    numerator,
    denominator
from market.corporate_actions
where kind = 'split' and not is_withdrawn;
