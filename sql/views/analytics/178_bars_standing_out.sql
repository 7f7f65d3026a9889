-- Grain: one row per (symbol, interval, bar_time) of the bars that stand out by the bars before
-- them alone: few are left, of which market.usual_beside_bars tells what is usual at their minute.
--   number_in_part  of the bar, among those of its session and of the same part of the day
--   came_back       whether its close is within one average true range of the close before
--   volatility_before, atr_before  what moves are measured by: of the bar before, at least a basis
--                   point of the close before, and a cent
--   …_share         of the close before
create or replace view market.bars_standing_out as
-- Those of the session that have indicators, and the one before them.
with placed as (
    select
        session.symbol,
        session.interval,
        session.session_date,
        session.minutes,
        session.time_zone,
        session.split_dates,
        session.split_factors,
        bar.session_date = session.session_date as is_session,
        bar.bar_time,
        market.scaled(
            bar.open,
            session.split_denominators[bar.split_number],
            session.split_numerators[bar.split_number],
            1e-10
        ) as open,
        market.scaled(
            bar.high,
            session.split_denominators[bar.split_number],
            session.split_numerators[bar.split_number],
            1e-10
        ) as high,
        market.scaled(
            bar.low,
            session.split_denominators[bar.split_number],
            session.split_numerators[bar.split_number],
            1e-10
        ) as low,
        market.scaled(
            bar.close,
            session.split_denominators[bar.split_number],
            session.split_numerators[bar.split_number],
            1e-10
        ) as close,
        market.scaled(
            bar.volume,
            session.split_numerators[bar.split_number],
            session.split_denominators[bar.split_number],
            1
        ) as volume,
        derived.true_range * coalesce(session.split_factors[bar.split_number], 1) as true_range,
        derived.atr_14 * coalesce(session.split_factors[bar.split_number], 1) as atr_14,
        derived.volatility_20,
        derived.volume_zscore_20,
        bar.bar_time >= session.closes_at as is_post,
        bar.bar_time > session.opens_at - session.minutes * interval '1 minute' as is_open
    from market.sessions_of_series as session
    left join lateral (
        select stored.bar_time from market.bar_indicators as stored
        where
            (stored.symbol, stored.interval, stored.bar_time)
            >= (session.symbol, session.interval, '-infinity'::timestamptz)
            and (stored.symbol, stored.interval, stored.bar_time)
            -- Spares it what of the session was traded since.
            < (session.symbol, session.interval, coalesce(session.opens_at, session.ends_at))
            and stored.session_date < session.session_date
        order by stored.symbol desc, stored.interval desc, stored.bar_time desc
        limit 1
    ) as before on true
    cross join
        lateral ( -- noqa: ST05
            select
                stored.*,
                case
                    when stored.session_date < session.last_split_date
                        then market.split_number(
                            session.split_dates, stored.session_date, stored.basis
                        )
                end as split_number
            from market.events_stream as stored
            where
                (stored.symbol, stored.interval, stored.bar_time) >= (
                    session.symbol,
                    session.interval,
                    coalesce(before.bar_time, '-infinity'::timestamptz)
                )
                and (stored.symbol, stored.interval, stored.bar_time)
                < (session.symbol, session.interval, session.ends_at)
                and stored.session_date <= session.session_date
            order by stored.symbol desc, stored.interval desc, stored.bar_time desc
            limit 3000
        ) as bar
    inner join
        lateral ( -- noqa: ST05
            select stored.* from market.bar_indicators as stored
            where
                (stored.symbol, stored.interval, stored.bar_time) >= (
                    session.symbol,
                    session.interval,
                    coalesce(before.bar_time, '-infinity'::timestamptz)
                )
                and (stored.symbol, stored.interval, stored.bar_time)
                < (session.symbol, session.interval, session.ends_at)
                and stored.session_date <= session.session_date
            order by stored.symbol desc, stored.interval desc, stored.bar_time desc
            limit 3000
        ) as derived
        on bar.bar_time = derived.bar_time
),

compared as (
    select
        *,
        case
            when is_post then count(*) filter (where is_session and is_post) over series
            when is_open
                then count(*) filter (where is_session and is_open and not is_post) over series
            else count(*) filter (where is_session and is_open is not true) over series
        end as number_in_part,
        lag(close) over series as close_before,
        lag(volatility_20) over series as volatility_20_before,
        lag(atr_14) over series as atr_14_before
    from placed
    window series as (partition by symbol, interval, session_date order by bar_time)
),

scaled as (
    select
        compared.*,
        scale.*,
        scale.atr_before / compared.close_before::double precision as atr_share,
        abs(compared.close - compared.close_before)::double precision <= scale.atr_before
            as came_back,
        compared.true_range / compared.close_before::double precision as range_share,
        (compared.open / compared.close_before - 1)::double precision as gap_share,
        ln((compared.close / compared.close_before)::double precision) as log_return,
        -- From the score among all twenty to that against the nineteen before.
        compared.volume_zscore_20 * sqrt(20.0 / 19)
        / sqrt(greatest(1 - compared.volume_zscore_20 * compared.volume_zscore_20 / 19, 0.0001))
            as volume_score
    from compared
    cross join
        lateral ( -- noqa: ST05
            select
                greatest(
                    0.0001,
                    case when close_before >= 1 then 0.01 else 0.0001 end / close_before
                )::double precision as share
        ) as least_step
    cross join
        lateral ( -- noqa: ST05
            select
                case
                    when compared.volatility_20_before is not null
                        then greatest(compared.volatility_20_before, least_step.share)
                end as volatility_before,
                case
                    when compared.atr_14_before is not null
                        then greatest(
                            compared.atr_14_before,
                            least_step.share * compared.close_before::double precision
                        )
                end as atr_before
        ) as scale
    where compared.is_session
)

select
    symbol,
    interval,
    session_date,
    minutes,
    time_zone,
    split_dates,
    split_factors,
    bar_time,
    open,
    high,
    low,
    close,
    volume,
    number_in_part,
    close_before,
    came_back,
    log_return,
    gap_share,
    range_share,
    volatility_before,
    atr_share,
    volume_score
from scaled
where
    abs(log_return) >= 3 * volatility_before
    or volume_score >= 3
    or abs(gap_share) * close_before >= 3 * atr_before
    or came_back and true_range >= 5 * atr_before;
