-- Grain: one row per (symbol, interval, bar_time, kind) of what stands out; most bars have none.
--   kind      price, volume, gap or outlier; an outlier's close came back to within one average
--             true range of the close before, and is no price anomaly
--   value     price and gap: close, open against the close before, in percent; volume: that of the
--             bar, in shares; outlier: true range of the bar, in percent of the close before
--   score     how much that is: price, the log return in deviations (volatility_20) up to the bar
--             before; volume, above the mean of the 19 bars before it, in their population
--             deviations; gap and outlier, in average true ranges (atr_14) up to the bar before
--   severity  low from a score of 3 on (outlier: 5), medium from 4 (7), high from 6 (10)
--   severity_rank  1, 2, 3 for low, medium, high
--   reason    the same in a sentence
--   usual_bars  how many bars started at the same minute on the 30 days before (1min: 15 days); 0
--               for days
-- What moves are measured by is at least a basis point of the close before, and a cent (below a
-- price of 1: a hundredth of one); what volumes are measured by, at least a hundredth of the
-- deviation of all twenty. So a jump after quiet stands out, and the least step does not. A bar has
-- none before its warm-up is over (see sql/README.md). Appears a moment after the bar, with its
-- indicators.
create or replace view bi.anomalies as
with measured as (
    select
        *,
        -- Null as long as the bars before tell nothing.
        case
            when volatility_before > 0
                then log_return / greatest(volatility_before, usual_volatility)
        end as price_score,
        case when atr_share > 0 then gap_share / greatest(atr_share, usual_gap) end as gap_score,
        case when atr_share > 0 then range_share / greatest(atr_share, usual_range) end
            as range_score,
        (volume::double precision - usual_volume)
        / nullif(greatest(usual_volume_deviation, usual_volume / 4), 0) as usual_volume_score
    from market.usual_beside_bars
    where usual_bars >= 5 or number_in_part > 20 or minutes = 1440
),

told as (
    select
        *,
        array[
            (100 * (close / close_before - 1))::double precision,
            volume::double precision,
            100 * gap_share,
            100 * range_share
        ] as event_values,
        array[
            price_score,
            case
                when least(volume_score, usual_volume_score) > 0
                    then least(volume_score, usual_volume_score)
            end,
            gap_score,
            case when came_back and abs(price_score) < 3 then range_score end
        ] as scores
    from measured
),

found as (
    select
        bar.symbol,
        bar.interval,
        bar.session_date,
        bar.bar_time,
        bar.time_zone,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        bar.volume,
        bar.usual_bars,
        event.kind,
        bar.event_values[event.number] as value,
        bar.scores[event.number] as score,
        case
            when abs(bar.scores[event.number]) >= event.high_from then 3
            when abs(bar.scores[event.number]) >= event.medium_from then 2
            when abs(bar.scores[event.number]) >= event.low_from then 1
        end as severity_rank
    from told as bar
    -- Not lateral: their expressions would be prepared anew for every bar.
    cross join (
        values
        (1, 'price', 3, 4, 6),
        (2, 'volume', 3, 4, 6),
        (3, 'gap', 3, 4, 6),
        (4, 'outlier', 5, 7, 10)
    ) as event (number, kind, low_from, medium_from, high_from)
)

select
    symbol,
    interval,
    session_date,
    bar_time at time zone 'UTC' as bar_time_utc,
    bar_time at time zone time_zone as bar_time_exchange,
    kind,
    value,
    score,
    (array['low', 'medium', 'high'])[severity_rank] as severity,
    severity_rank,
    case kind
        when 'price'
            then format(
                'The price moved %s %%, %s deviations of what is usual.',
                round(value::numeric, 2), round(score::numeric, 1)
            )
        when 'volume'
            then format(
                'The volume of %s lies %s deviations above what is usual.',
                volume, round(score::numeric, 1)
            )
        when 'gap'
            then format(
                'The bar opened %s %% from the close before, %s times what is usual.',
                round(value::numeric, 2), round(score::numeric, 1)
            )
        when 'outlier'
            then format(
                'The price reached over %s usual ranges and came back.',
                round(score::numeric, 1)
            )
    end as reason,
    open,
    high,
    low,
    close,
    volume,
    bar_time,
    usual_bars
from found
where severity_rank is not null;
