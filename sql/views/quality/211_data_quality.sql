-- Grain: one row per (symbol, interval, session_date), from the first date stored of the series
-- to today by the market clock of its source, days without trade included. Counts are of regular
-- hours, by the calendar of the symbol's exchange; symbols of no known exchange have no row unless
-- all of theirs is refused, nor have dates before the calendar.
--   day_kind           regular, early_close, closed, assumed: the calendar does not know the date
--   status             closed; complete; no_trade, missing or outage, the worst of the gaps in this
--                      order; open while the session has no bar, nor should have one by now
--                      (market.session_slots); unknown where it is only assumed, of which no gap is
--                      told, and where it was over before the first bar; refused for a series of
--                      which nothing is stored, since every record was refused
--   expected_bars      slots of one bar each that are due or hold one; null where all is refused
--   stored_bars        slots that hold a bar
--   no_trade_bars      the vendor's answer reached past the slot and had no bar
--   missing_bars       no bar, and no later bar of the session, while other symbols have bars; with
--                      one symbol stored also what would be an outage
--   outage_bars        no symbol of the interval has a bar in the slot
--   longest_gap_bars   slots without a bar in a row
--   completeness_percent   stored_bars of expected_bars; null if none are expected
--   outside_bars       stored bars outside regular hours
--   unknown_basis_bars   bars whose price basis is not known
--   bases              how many bases the session's bars are on: more than one may not be compared
--   recycled_signs     why the symbol may be another instrument from the session on
--                      (bi.recycled_tickers); null if nothing says so
--   revised_bars       stored bars whose value was replaced at least once
--   rejected_records   records with the symbol as key that reached Kafka on that date (UTC) and
--                      were refused, of whatever interval: the same in each interval's row
--   lag_seconds_median, lag_seconds_longest  the median and the longest of the times
--                      from the vendor's answer until the bar was stored, over the bars whose
--                      answer was the first to hold them; null if there is none
create or replace view bi.data_quality as
with checked as (
    select
        series.symbol,
        series.interval,
        day.session_date,
        trade.opens_at,
        trade.closes_at,
        first.bar_time as first_bar_time,
        width.minutes,
        case
            when trade.session_date is null then 'closed'
            when trade.is_assumed then 'assumed'
            when trade.is_early_close then 'early_close'
            else 'regular'
        end as day_kind
    from market.series as series
    inner join market.intervals as width on series.interval = width.interval
    cross join
        lateral (
            select
                session_date,
                bar_time
            from market.events_stream
            where
                (symbol, interval, bar_time)
                >= (series.symbol, series.interval, '-infinity'::timestamptz)
                and (symbol, interval, bar_time)
                < (series.symbol, series.interval, 'infinity'::timestamptz)
            order by symbol, interval, bar_time limit 1
        ) as first
    cross join
        lateral (
            select source from market.events_stream
            where
                (symbol, interval, bar_time)
                >= (series.symbol, series.interval, '-infinity'::timestamptz)
                and (symbol, interval, bar_time)
                < (series.symbol, series.interval, 'infinity'::timestamptz)
            order by symbol desc, interval desc, bar_time desc limit 1
        ) as newest
    left join market.present_of_sources as clock on newest.source = clock.source
    inner join market.days as day
        on
            first.session_date <= day.session_date
            and day.session_date
            <= (coalesce(clock.present, now()) at time zone market.time_zone(series.symbol))::date
            and day.session_date >= (
                select min(earliest.session_date) from market.exchange_sessions as earliest
                where earliest.exchange = market.exchange(series.symbol)
            )
    left join market.exchange_sessions as trade
        on
            trade.exchange = market.exchange(series.symbol)
            and day.session_date = trade.session_date
    where market.exchange(series.symbol) is not null
)

select
    checked.symbol,
    checked.interval,
    checked.session_date,
    checked.day_kind,
    case
        when checked.day_kind = 'closed' then 'closed'
        when checked.day_kind = 'assumed' then 'unknown'
        when checked.closes_at <= checked.first_bar_time then 'unknown'
        when slot.expected_bars = 0 then 'open'
        when slot.outage_bars > 0 then 'outage'
        when slot.missing_bars > 0 then 'missing'
        when slot.no_trade_bars > 0 then 'no_trade'
        else 'complete'
    end as status,
    slot.expected_bars,
    slot.stored_bars,
    slot.no_trade_bars,
    slot.missing_bars,
    slot.outage_bars,
    slot.longest_gap_bars,
    100.0::double precision * slot.stored_bars / nullif(slot.expected_bars, 0)
        as completeness_percent,
    bar.outside_bars,
    bar.revised_bars,
    refused.records as rejected_records,
    bar.lag_seconds_median,
    bar.lag_seconds_longest,
    checked.opens_at at time zone 'UTC' as opens_at_utc,
    checked.closes_at at time zone 'UTC' as closes_at_utc,
    bar.first_time at time zone 'UTC' as first_bar_utc,
    bar.last_time at time zone 'UTC' as last_bar_utc,
    bar.unknown_basis_bars,
    bar.bases,
    recycled.signs as recycled_signs
from checked
cross join
    lateral ( -- noqa: ST05
        with runs as (
            select
                numbered.kind,
                count(*) over (partition by numbered.kind is null, numbered.run) as length
            from market.session_slots as numbered
            where
                numbered.symbol = checked.symbol
                and numbered.interval = checked.interval
                and numbered.session_date = checked.session_date
        )

        select
            count(*) as expected_bars,
            count(*) filter (where run.kind is null) as stored_bars,
            count(*) filter (where run.kind = 'no_trade') as no_trade_bars,
            count(*) filter (where run.kind = 'missing') as missing_bars,
            count(*) filter (where run.kind = 'outage') as outage_bars,
            coalesce(max(run.length) filter (where run.kind is not null), 0) as longest_gap_bars
        from runs as run
    ) as slot
cross join
    lateral (
        with stored as (
            select
                bar_time,
                revision,
                basis,
                case
                    when revision = 1 and observed_at <= inserted_at
                        then extract(epoch from inserted_at - observed_at)::double precision
                end as lag_seconds
            from market.session_bars
            where
                symbol = checked.symbol
                and interval = checked.interval
                and session_date = checked.session_date
        )

        select
            count(*) filter (
                where
                checked.minutes < 1440
                and (
                    checked.opens_at is null
                    or stored.bar_time + checked.minutes * interval '1 minute' <= checked.opens_at
                    or stored.bar_time >= checked.closes_at
                )
            ) as outside_bars,
            count(*) filter (where stored.revision > 1) as revised_bars,
            percentile_cont(0.5) within group (order by stored.lag_seconds) as lag_seconds_median,
            max(stored.lag_seconds) as lag_seconds_longest,
            min(stored.bar_time) as first_time,
            max(stored.bar_time) as last_time,
            count(*) filter (where stored.basis = 'unknown') as unknown_basis_bars,
            count(distinct stored.basis) as bases
        from stored
    ) as bar
cross join
    lateral (
        select count(*) as records from market.rejected_events
        where
            substr(key, 1, 40) = convert_to(checked.symbol, 'UTF8')
            and kafka_timestamp >= checked.session_date::timestamp at time zone 'UTC'
            and kafka_timestamp < (checked.session_date + 1)::timestamp at time zone 'UTC'
    ) as refused
left join bi.recycled_tickers as recycled
    on
        checked.symbol = recycled.symbol
        and checked.interval = recycled.interval
        and checked.session_date = recycled.resumed_on
union all
select
    refused.symbol,
    refused.interval,
    refused.session_date,
    case
        when market.exchange(refused.symbol) is null then null
        when trade.session_date is null then 'closed'
        when trade.is_assumed then 'assumed'
        when trade.is_early_close then 'early_close'
        else 'regular'
    end as day_kind,
    'refused' as status,
    null as expected_bars,
    0 as stored_bars,
    0 as no_trade_bars,
    0 as missing_bars,
    0 as outage_bars,
    0 as longest_gap_bars,
    null as completeness_percent,
    0 as outside_bars,
    0 as revised_bars,
    refused.records as rejected_records,
    null as lag_seconds_median,
    null as lag_seconds_longest,
    trade.opens_at at time zone 'UTC' as opens_at_utc,
    trade.closes_at at time zone 'UTC' as closes_at_utc,
    null as first_bar_utc,
    null as last_bar_utc,
    0 as unknown_basis_bars,
    0 as bases,
    null as recycled_signs
from market.refused_series as refused
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(refused.symbol)
        and refused.session_date = trade.session_date;
