-- Grain: one row per (symbol, interval, bar_time) of the bars that stand out by the bars before
-- them alone: few are left, of which market.usual_beside_bars tells what is usual at their minute.
--   number_in_part  of the bar, among those of its session and of the same part of the day
--   came_back       whether its close is within one average true range of the close before
--   volatility_before, atr_before  what moves are measured by: of the bar before, at least a basis
--                   point of the close before, and a cent
--   …_share         of the close before
create or replace view market.bars_standing_out as
with placed as (
    select
        *,
        case
            when bar_time >= closes_at then 'post'
            when bar_time + minutes * interval '1 minute' > opens_at then 'regular'
            else 'pre'
        end as part
    from market.recent_derived
),

compared as (
    select
        *,
        row_number() over (
            partition by symbol, interval, session_date, is_session, part order by bar_time
        ) as number_in_part,
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

-- All that market.recent_derived has, and the columns made above.
select * from scaled -- noqa: AM04
where
    abs(log_return) >= 3 * volatility_before
    or volume_score >= 3
    or abs(gap_share) * close_before >= 3 * atr_before
    or came_back and true_range >= 5 * atr_before;
