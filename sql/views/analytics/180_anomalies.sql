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
--   usual_bars  how many bars started at the same minute on the 30 days before; 0 for days
-- What moves are measured by is at least a basis point of the close before, and a cent (below a
-- price of 1: a hundredth of one); what volumes are measured by, at least a hundredth of the
-- deviation of all twenty. So a jump after quiet stands out, and the least step does not. A bar has
-- none before its warm-up is over (see sql/README.md). Appears a moment after the bar, with its
-- indicators.
create or replace view bi.anomalies as
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

-- By the bars before alone; few bars are left, of which the usual is looked up.
standing_out as (
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
),

measured as (
    select
        bar.*,
        usual.bars as usual_bars,
        -- Null as long as the bars before tell nothing.
        case
            when bar.volatility_before > 0
                then bar.log_return / greatest(bar.volatility_before, usual.volatility)
        end as price_score,
        case when bar.atr_share > 0 then bar.gap_share / greatest(bar.atr_share, usual.gap) end
            as gap_score,
        case when bar.atr_share > 0 then bar.range_share / greatest(bar.atr_share, usual.range) end
            as range_score,
        (bar.volume::double precision - usual.volume)
        / nullif(greatest(usual.volume_deviation, usual.volume / 4), 0) as usual_volume_score
    from standing_out as bar
    cross join
        lateral (
            select
                count(*) as bars,
                case when count(*) >= 5 then sqrt(avg(past.log_return * past.log_return)) end
                    as volatility,
                case when count(*) >= 5 then sqrt(avg(past.gap_share * past.gap_share)) end as gap,
                case when count(*) >= 5 then avg(past.range_share) end as range,
                case when count(*) >= 5 then avg(past.volume) end as volume,
                case when count(*) >= 5 then stddev_samp(past.volume) end as volume_deviation
            from
                generate_series(1, case when bar.minutes < 1440 then 30 else 0 end)
                    as back (days)
            cross join
                lateral (
                    select
                        ln(1 + derived.change_percent / 100) as log_return,
                        stored.open::double precision
                        / (stored.close::double precision - derived.change) - 1 as gap_share,
                        derived.true_range
                        / (stored.close::double precision - derived.change) as range_share,
                        stored.volume::double precision * coalesce(
                            (
                                select
                                    (market.product(numerator) / market.product(denominator))
                                    ::double precision
                                from market.splits
                                where
                                    bar.split_date > stored.session_date
                                    and stored.basis = 'raw'
                                    and symbol = bar.symbol
                                    and ex_date > stored.session_date
                                    and ex_date <= bar.session_date
                            ),
                            1
                        ) as volume
                    from market.events_stream as stored
                    inner join market.bar_indicators as derived
                        on
                            stored.symbol = derived.symbol
                            and stored.interval = derived.interval
                            and stored.bar_time = derived.bar_time
                    where
                        (stored.symbol, stored.interval, stored.bar_time) = (
                            bar.symbol,
                            bar.interval,
                            (bar.bar_time at time zone bar.time_zone - back.days * interval '1 day')
                            at time zone bar.time_zone
                        )
                        and derived.change is not null
                    order by stored.bar_time
                    limit 1
                ) as past
        ) as usual
    where
        (
            abs(bar.log_return) >= 3 * bar.volatility_before
            or bar.volume_score >= 3
            or abs(bar.gap_share) * bar.close_before::double precision >= 3 * bar.atr_before
            or bar.came_back and bar.true_range >= 5 * bar.atr_before
        )
        and (usual.bars >= 5 or bar.number_in_part > 20 or bar.minutes = 1440)
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
        bar.usual_bars,
        event.kind,
        event.value,
        event.score,
        case
            when abs(event.score) >= event.high_from then 3
            when abs(event.score) >= event.medium_from then 2
            when abs(event.score) >= event.low_from then 1
        end as severity_rank
    from measured as bar
    cross join
        lateral (
            values
            (
                'price',
                (100 * (bar.close / bar.close_before - 1))::double precision,
                bar.price_score,
                3, 4, 6
            ),
            (
                'volume',
                bar.volume::double precision,
                least(bar.volume_score, bar.usual_volume_score),
                3, 4, 6
            ),
            ('gap', 100 * bar.gap_share, bar.gap_score, 3, 4, 6),
            (
                'outlier',
                100 * bar.range_share,
                case when bar.came_back and abs(bar.price_score) < 3 then bar.range_score end,
                5, 7, 10
            )
        ) as event (kind, value, score, low_from, medium_from, high_from)
    where event.kind <> 'volume' or event.score > 0
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
