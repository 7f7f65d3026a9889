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

-- Which of a session's ratios (market.sessions_of_series) brings a bar to its basis: that of the
-- first split after the bar's date. Where there is none, past the last, whose ratio is null; so it
-- is for a bar that was stored on another basis than as traded.
create or replace function market.split_number(
    split_dates date[], bar_date date, basis text
) returns integer
language sql immutable parallel safe
return case when basis = 'raw' then width_bucket(bar_date, split_dates) + 1 end;
