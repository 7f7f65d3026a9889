-- Grain: one row per (symbol, interval, session_date, slot_at) of regular hours that are over, for
-- the data-quality views alone: with a bar, or with none although the vendor should have had it by
-- now. A slot is one bar's length, at whole multiples of it in UTC; of a day it is the session.
-- From the slot of the first bar stored of the series on, since the source's history may begin
-- within a session; none in a noon break, none of a session that is only assumed.
--
-- A bar of a day should be there eight hours after the official close, and so should those of a
-- key without entitlement, for which the vendor adds a session after it has ended. Others should
-- be there five minutes after the delay of the data. Now is where the market of the source of the
-- series' newest bar stands; five minutes of real time are what the way through the pipeline has.
--   is_filled  whether a stored bar starts in it
--   run      the same for slots in a row that are all filled, or all empty
--   kind     null where there is one, else why not:
--     no_trade  a later bar of the session is stored, and another symbol of the exchange has a bar
--               of the interval in the slot: the vendor's answer reached past it and had no bar
--     missing   no later bar of the session is stored, but another symbol has one in the slot, or
--               only one symbol of the exchange is stored
--     outage    no symbol of the exchange has a bar of the interval in the slot, while more than
--               one is stored
create or replace view market.session_slots as
with slots as (
    select
        series.symbol,
        series.interval,
        trade.exchange,
        day.session_date,
        slot.slot_at,
        slot.slot_ends_at,
        case
            when width.minutes = 1440 or newest.freshness = 'historical'
                then trade.closes_at + market.close_delay(trade.exchange) + interval '8 hours'
            when newest.freshness = 'delayed_15min' then slot.slot_ends_at + interval '20 minutes'
            else slot.slot_ends_at + coalesce(clock.speed, 1) * interval '5 minutes'
        end as due_at,
        coalesce(clock.present, now()) as present,
        day.begins_at,
        day.ends_at,
        case when width.minutes < 1440 then slot.slot_at else day.begins_at end as from_time,
        case
            when width.minutes < 1440 then slot.slot_ends_at
            else day.ends_at
        end as until_time
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
            select
                source,
                freshness
            from market.events_stream
            where
                (symbol, interval, bar_time)
                >= (series.symbol, series.interval, '-infinity'::timestamptz)
                and (symbol, interval, bar_time)
                < (series.symbol, series.interval, 'infinity'::timestamptz)
            order by symbol desc, interval desc, bar_time desc limit 1
        ) as newest
    left join market.present_of_sources as clock on newest.source = clock.source
    inner join market.days as day on first.session_date <= day.session_date
    inner join market.exchange_sessions as trade
        on
            trade.exchange = market.exchange(series.symbol)
            and day.session_date = trade.session_date
            and trade.opens_at <= now()
            and not trade.is_assumed
    cross join
        lateral (
            select
                at as slot_at,
                at + width.minutes * interval '1 minute' as slot_ends_at
            from
                generate_series(
                    date_bin(
                        width.minutes * interval '1 minute',
                        trade.opens_at,
                        timestamptz '2000-01-03 00:00:00+00'
                    ),
                    trade.closes_at - interval '1 microsecond',
                    width.minutes * interval '1 minute'
                ) as at
            where
                width.minutes < 1440
                and (
                    at >= trade.break_starts_at
                    and at + width.minutes * interval '1 minute' <= trade.break_ends_at
                ) is not true
            union all
            select
                trade.opens_at,
                trade.closes_at
            where width.minutes = 1440
        ) as slot
    where
        slot.slot_ends_at > first.bar_time
        and slot.slot_ends_at <= coalesce(clock.present, now())
),

filled as (
    select
        slots.*,
        own.bar_time is not null as is_filled
    from slots
    left join lateral (
        select bar.bar_time from market.events_stream as bar
        where
            (bar.symbol, bar.interval, bar.bar_time)
            >= (slots.symbol, slots.interval, slots.from_time)
            and (bar.symbol, bar.interval, bar.bar_time)
            < (slots.symbol, slots.interval, slots.until_time)
            and bar.session_date = slots.session_date
        order by bar.symbol, bar.interval, bar.bar_time limit 1
    ) as own on true
    where own.bar_time is not null or slots.due_at <= slots.present
),

placed as (
    select
        *,
        max(slot_at) filter (where is_filled)
            over (partition by symbol, interval, session_date)
            as last_filled_at,
        row_number() over (partition by symbol, interval, session_date order by slot_at)
        - row_number()
            over (partition by symbol, interval, session_date, is_filled order by slot_at)
            as run
    from filled
)

select
    symbol,
    interval,
    session_date,
    slot_at,
    slot_ends_at,
    is_filled,
    run,
    case
        when is_filled then null
        when not exists (
            select from market.series as other
            where
                other.interval = placed.interval
                and other.symbol <> placed.symbol
                and market.exchange(other.symbol) = placed.exchange
        ) then case when slot_at < last_filled_at then 'no_trade' else 'missing' end
        when not exists (
            select from market.events_stream as other
            where
                other.interval = placed.interval
                and other.session_date = placed.session_date
                and other.bar_time >= placed.from_time
                and other.bar_time < placed.until_time
                and market.exchange(other.symbol) = placed.exchange
        ) then 'outage'
        when slot_at < last_filled_at then 'no_trade'
        else 'missing'
    end as kind
from placed;
