-- Grain: one row per (symbol, interval, bar_time, kind) of what stands out; most bars have none.
--   kind      price, volume, gap or outlier; an outlier's close came back to within one average
--             true range of the close before
--   value     price and gap: close, open against the close before, in percent; volume: that of the
--             bar, in shares; outlier: true range of the bar, in percent of the close before
--   score     how much that is: price, the log return in deviations (volatility_20) up to the bar
--             before; volume, above the mean of the 19 bars before it, in their population
--             deviations; gap and outlier, in average true ranges (atr_14) up to the bar before
--   severity  low from a score of 3 on (outlier: 5), medium from 4 (7), high from 6 (10)
--   severity_rank  1, 2, 3 for low, medium, high
--   reason    the same in a sentence
-- What moves are measured by is at least a basis point of the close before, and a cent (below a
-- price of 1: a hundredth of one); what volumes are measured by, at least a hundredth of the
-- deviation of all twenty. So a jump after quiet stands out, and the least step does not. A bar has
-- none before its warm-up is over (see sql/README.md). Appears a moment after the bar, with its
-- indicators.
create or replace view bi.anomalies as
with compared as (
    select
        *,
        lag(close) over series as close_before,
        lag(volatility_20) over series as volatility_20_before,
        lag(atr_14) over series as atr_14_before
    from market.recent_derived
    window series as (partition by symbol, interval, session_date order by bar_time)
),

scaled as (
    select
        compared.*,
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
    from compared
    cross join
        lateral ( -- noqa: ST05
            select
                greatest(
                    0.0001,
                    case when close_before >= 1 then 0.01 else 0.0001 end / close_before
                )::double precision as share
        ) as least_step
),

found as (
    select
        bar.symbol,
        bar.interval,
        bar.session_date,
        bar.bar_time,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        event.kind,
        event.value,
        event.score,
        case
            when abs(event.score) >= event.high_from then 3
            when abs(event.score) >= event.medium_from then 2
            when abs(event.score) >= event.low_from then 1
        end as severity_rank
    from scaled as bar
    cross join
        lateral (
            values
            (
                'price',
                (100 * (bar.close / bar.close_before - 1))::double precision,
                ln((bar.close / bar.close_before)::double precision) / bar.volatility_before,
                3, 4, 6
            ),
            (
                'volume',
                bar.volume::double precision,
                -- From the score among all twenty to that against the nineteen before.
                bar.volume_zscore_20 * sqrt(20.0 / 19)
                / sqrt(greatest(1 - bar.volume_zscore_20 * bar.volume_zscore_20 / 19, 0.0001)),
                3, 4, 6
            ),
            (
                'gap',
                (100 * (bar.open / bar.close_before - 1))::double precision,
                (bar.open - bar.close_before)::double precision / bar.atr_before,
                3, 4, 6
            ),
            (
                'outlier',
                100 * bar.true_range / bar.close_before::double precision,
                case
                    when abs(bar.close - bar.close_before)::double precision <= bar.atr_before
                        then bar.true_range / bar.atr_before
                end,
                5, 7, 10
            )
        ) as event (kind, value, score, low_from, medium_from, high_from)
    where bar.is_session and (event.kind <> 'volume' or event.score > 0)
)

select
    symbol,
    interval,
    session_date,
    bar_time at time zone 'UTC' as bar_time_utc,
    bar_time at time zone market.time_zone(symbol) as bar_time_exchange,
    kind,
    value,
    score,
    (array['low', 'medium', 'high'])[severity_rank] as severity,
    severity_rank,
    case kind
        when 'price'
            then format(
                'The price moved %s %%, %s deviations of the bars before.',
                round(value::numeric, 2), round(score::numeric, 1)
            )
        when 'volume'
            then format(
                'The volume of %s lies %s deviations above the bars before.',
                volume, round(score::numeric, 1)
            )
        when 'gap'
            then format(
                'The bar opened %s %% from the close before, %s average ranges.',
                round(value::numeric, 2), round(score::numeric, 1)
            )
        when 'outlier'
            then format(
                'The price reached over %s average ranges and came back.',
                round(score::numeric, 1)
            )
    end as reason,
    open,
    high,
    low,
    close,
    volume,
    bar_time
from found
where severity_rank is not null;
