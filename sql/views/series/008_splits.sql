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

-- The day whose shares the prices of a bar are of, so that only later splits are missing in them:
-- the bar's own, as traded; of a bar that was adjusted for splits alone the day of its mark, if
-- that is later. Null for a bar that was adjusted for dividends as well, or nobody knows for what.
create or replace function market.shares_date(bar_date date, basis text) returns date
language sql immutable parallel safe
return case
    when basis = 'raw' then bar_date
    when starts_with(basis, 'split ') then greatest(
        bar_date,
        make_date(
            substr(basis, 7, 4)::integer, substr(basis, 12, 2)::integer, substr(basis, 15)::integer
        )
    )
end;

-- Which of a session's ratios (market.sessions_of_series) brings a bar to its basis: that of the
-- first split that is missing in its prices. Where there is none, past the last, whose ratio is
-- null; so it is for a bar of which market.shares_date is not known.
create or replace function market.split_number(
    split_dates date[], bar_date date, basis text
) returns integer
language sql immutable parallel safe
return width_bucket(market.shares_date(bar_date, basis), split_dates) + 1;
