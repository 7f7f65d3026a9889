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

-- Grain: one row per (symbol, ex_date): all splits of a day.
--   previous_date, next_date  those of the splits before and after
create or replace view market.split_days as
select
    symbol,
    ex_date,
    market.product(numerator) as numerator,
    market.product(denominator) as denominator,
    lag(ex_date, 1, '-infinity'::date) over by_date as previous_date,
    lead(ex_date, 1, 'infinity'::date) over by_date as next_date
from market.splits
group by symbol, ex_date
window by_date as (partition by symbol order by ex_date);

-- Grain: one row per (symbol, from_date, shares_from): what splits there are between a bar's date,
-- from from_date on and before until_date, and the day whose shares its prices are of, from
-- shares_from on and before shares_until. Without a split in between there is no row.
create or replace view market.splits_in_prices as
select
    later.symbol,
    earlier.previous_date as from_date,
    earlier.ex_date as until_date,
    later.ex_date as shares_from,
    later.next_date as shares_until,
    market.product(later.numerator) over up_to as numerator,
    market.product(later.denominator) over up_to as denominator
from market.split_days as earlier
inner join market.split_days as later
    on earlier.symbol = later.symbol and earlier.ex_date <= later.ex_date
window up_to as (partition by later.symbol, earlier.ex_date order by later.ex_date);

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
