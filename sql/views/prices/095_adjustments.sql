-- Grain: one row per symbol: the newest session of which a bar is stored.
create or replace view market.newest_sessions as
select
    series.symbol,
    max(bar.session_date) as session_date
from market.series as series
cross join
    lateral (
        select session_date from market.events_stream
        where
            (symbol, interval, bar_time)
            >= (series.symbol, series.interval, '-infinity'::timestamptz)
            and (symbol, interval, bar_time)
            < (series.symbol, series.interval, 'infinity'::timestamptz)
        order by symbol desc, interval desc, bar_time desc limit 1
    ) as bar
group by series.symbol;

-- Grain: one row per (symbol, ex_date) of the actions that are in force: all of a day as exact
-- fractions. In force from the first stored bar of the day on: until then every
-- stored bar is on one basis.
--   split_ratio_…, spin_off_ratio_…  what prices before the day are divided by
--   dividend                         cash for a share as it was held before the day
--   reference_close, reference_date  close of regular hours of the last session before the day, as
--                                    traded; of a bar that was adjusted for splits alone, brought
--                                    back across those. Null if no bar of the two weeks before is
--                                    stored that was not adjusted for dividends
--   cash_factor_…                    (reference_close - dividend) / reference_close, what prices
--                                    before the day are multiplied by; 1 where that is not above 0
create or replace view market.action_days as
with dated as (
    select
        action.symbol,
        action.ex_date,
        coalesce(market.product(action.numerator) filter (where action.kind = 'split'), 1)
            as split_ratio_numerator,
        coalesce(market.product(action.denominator) filter (where action.kind = 'split'), 1)
            as split_ratio_denominator,
        coalesce(market.product(action.numerator) filter (where action.kind = 'spin_off'), 1)
            as spin_off_ratio_numerator,
        coalesce(market.product(action.denominator) filter (where action.kind = 'spin_off'), 1)
            as spin_off_ratio_denominator,
        sum(action.amount) as dividend,
        coalesce(
            (
                select session.closes_at from market.exchange_sessions as session
                where
                    session.exchange = market.exchange(action.symbol)
                    and session.session_date < action.ex_date
                order by session.session_date desc limit 1
            ),
            action.ex_date::timestamp at time zone coalesce(market.time_zone(action.symbol), 'UTC')
        ) as closed_at
    from market.corporate_actions as action
    inner join market.newest_sessions as newest
        on action.symbol = newest.symbol and action.ex_date <= newest.session_date
    where not action.is_withdrawn
    group by action.symbol, action.ex_date
)

select
    dated.symbol,
    dated.ex_date,
    dated.split_ratio_numerator,
    dated.split_ratio_denominator,
    dated.spin_off_ratio_numerator,
    dated.spin_off_ratio_denominator,
    dated.dividend,
    market.scaled(
        reference.close, applied.numerator, applied.denominator, 1e-10
    ) as reference_close,
    reference.session_date as reference_date,
    case
        when whole.close > whole.dividend then trim_scale(whole.close - whole.dividend)
        else 1
    end as cash_factor_numerator,
    case when whole.close > whole.dividend then trim_scale(whole.close) else 1 end
        as cash_factor_denominator
from dated
left join lateral ( -- noqa: ST05
    select
        max(session_date) as session_date,
        max(close) as close,
        max(basis) as basis
    from (
        select
            bar.session_date,
            bar.close,
            bar.basis
        from market.series as series
        inner join market.intervals as width on series.interval = width.interval
        cross join
            lateral (
                select
                    stored.session_date,
                    stored.close,
                    stored.basis
                from market.events_stream as stored
                where
                    (stored.symbol, stored.interval, stored.bar_time)
                    >= (series.symbol, series.interval, '-infinity'::timestamptz)
                    and (stored.symbol, stored.interval, stored.bar_time)
                    < (series.symbol, series.interval, dated.closed_at)
                    and stored.bar_time >= dated.closed_at - interval '14 days'
                    and stored.bar_time < dated.closed_at
                    and stored.session_date < dated.ex_date
                    and market.shares_date(stored.session_date, stored.basis) is not null
                order by stored.symbol desc, stored.interval desc, stored.bar_time desc limit 1
            ) as bar
        where series.symbol = dated.symbol and dated.dividend is not null
        order by
            bar.session_date desc, bar.basis = 'raw' desc, width.minutes = 1440 desc,
            width.minutes asc
        limit 1
    ) as newest
) as reference on true
left join lateral ( -- noqa: ST05
    select
        market.product(numerator) as numerator,
        market.product(denominator) as denominator
    from market.splits
    where
        symbol = dated.symbol
        and ex_date > reference.session_date
        and ex_date <= market.shares_date(reference.session_date, reference.basis)
) as applied on true
cross join lateral ( -- noqa: ST05
    select
        reference.close * coalesce(applied.numerator, 1) as close,
        dated.dividend * coalesce(applied.denominator, 1) as dividend
) as whole;

-- Grain: one row per (symbol, span of session dates) before an action in force: what prices as
-- traded from from_date on and before until_date are multiplied by, as exact fractions. Dates after
-- the last action have no row.
--   split_…   by all later splits; volumes are divided by it
--   return_…  by all later splits, spin-offs and dividends
create or replace view market.adjustments as
select
    symbol,
    coalesce(lag(ex_date) over by_date, '-infinity'::date) as from_date,
    ex_date as until_date,
    market.product(split_ratio_denominator) over later as split_numerator,
    market.product(split_ratio_numerator) over later as split_denominator,
    market.product(
        split_ratio_denominator * spin_off_ratio_denominator * cash_factor_numerator
    ) over later as return_numerator,
    market.product(
        split_ratio_numerator * spin_off_ratio_numerator * cash_factor_denominator
    ) over later as return_denominator
from market.action_days
window
    by_date as (partition by symbol order by ex_date),
    later as (partition by symbol order by ex_date desc);
