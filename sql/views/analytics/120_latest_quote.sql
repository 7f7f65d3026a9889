-- Grain: one row per symbol: its newest price, of its newest bar or of its quote, whichever tells
-- of the later trade, with that session so far. Of several intervals that is shown which tells of
-- the newest trade: of those that reach as far, the vendor's own day once that is final, then the
-- smallest.
--   interval                of the newest bar, as the columns bar_… and is_final; null where no
--                           bar of the symbol is stored
--   price                   close of the newest bar, or the quote's price, outside of regular hours
--                           that of the extended hours; as traded, in the quote unit
--   previous_close          close of the session before; of a quote as the vendor sent it
--   change                  price less previous_close, in the quote unit
--   change_percent          price against previous_close
--   bar_volume              volume of the newest bar, in shares
--   session_…               over the stored bars of the session's regular hours, or of the quote,
--                           in the quote unit or in shares; null before them
--   age_seconds             since the end of the newest bar, by the market clock of its source (of
--                           a day: since its end of trade, by the calendar; without a calendar
--                           since its midnight), or since the quote
--   observed_age_seconds    since the answer arrived that held it, by the real clock
--   delay_seconds           from the arrival of the answer until the price was first stored
--   freshness               what the vendor's answer was: realtime, delayed_15min, …
--   market_state            open, closed (regular hours, by the calendar, by the same clock); null
--                           without one
--   quote_time              the instant of the quote that the price is of; null where it is the
--                           newest bar's
create or replace view bi.latest_quote as
with listed as (
    select series.symbol from market.series as series
    union
    select quoted.symbol from market.quotes as quoted
),

newest as (
    select
        listed.symbol,
        bar.interval,
        bar.minutes,
        bar.bar_time,
        bar.close as bar_close,
        bar.volume as bar_volume,
        bar.is_final,
        quote.quote_time,
        coalesce(quote.session_date, bar.session_date) as session_date,
        coalesce(quote.extended_hours_price, quote.close, bar.close) as price,
        quote.open as quote_open,
        quote.high as quote_high,
        quote.low as quote_low,
        quote.volume as quote_volume,
        quote.close as quote_close,
        quote.previous_close as quote_previous_close,
        case when quote.symbol is null then bar.freshness else quote.freshness end as freshness,
        case when quote.symbol is null then bar.source else quote.source end as source,
        case when quote.symbol is null then bar.observed_at else quote.observed_at end
            as observed_at,
        case when quote.symbol is null then bar.inserted_at else quote.updated_at end as stored_at
    from listed
    left join lateral ( -- noqa: ST05
        select
            series.interval,
            width.minutes,
            newest_bar.*,
            least(
                case
                    when width.minutes < 1440
                        then newest_bar.bar_time + width.minutes * interval '1 minute'
                    else coalesce(trade.closes_at, newest_bar.bar_time)
                end,
                case
                    when not newest_bar.is_final then greatest(
                        newest_bar.bar_time,
                        -- As in market.session_bars.
                        coalesce(
                            clock.present
                            - least(now() - newest_bar.observed_at, interval '1 day') * clock.speed,
                            newest_bar.observed_at
                        )
                    )
                end
            ) as known_until
        from market.series as series
        inner join market.intervals as width on series.interval = width.interval
        cross join
            lateral (
                select
                    session_date,
                    bar_time,
                    close,
                    volume,
                    freshness,
                    source,
                    is_final,
                    observed_at,
                    inserted_at
                from market.events_stream
                where
                    (symbol, interval, bar_time)
                    >= (series.symbol, series.interval, '-infinity'::timestamptz)
                    and (symbol, interval, bar_time)
                    < (series.symbol, series.interval, 'infinity'::timestamptz)
                order by symbol desc, interval desc, bar_time desc limit 1
            ) as newest_bar
        left join market.exchange_sessions as trade
            on
                trade.exchange = market.exchange(series.symbol)
                and newest_bar.session_date = trade.session_date
        left join market.present_of_sources as clock on newest_bar.source = clock.source
        where series.symbol = listed.symbol
        order by
            newest_bar.session_date desc,
            known_until desc,
            width.minutes = 1440 and newest_bar.is_final desc,
            width.minutes asc
        limit 1
    ) as bar on true
    left join market.quotes as quote
        on
            listed.symbol = quote.symbol
            and (
                bar.interval is null
                or (quote.session_date, quote.quote_time) > (bar.session_date, bar.known_until)
            )
    where bar.interval is not null or quote.symbol is not null
)

select
    newest.symbol,
    newest.interval,
    newest.session_date,
    newest.bar_time at time zone 'UTC' as bar_time_utc,
    newest.bar_time at time zone market.time_zone(newest.symbol) as bar_time_exchange,
    newest.price,
    previous.close as previous_close,
    newest.price - previous.close as change,
    (100 * (newest.price / previous.close - 1))::double precision as change_percent,
    session.open as session_open,
    session.high as session_high,
    session.low as session_low,
    session.volume as session_volume,
    newest.bar_volume,
    newest.is_final,
    newest.freshness,
    newest.source,
    newest.observed_at at time zone 'UTC' as observed_at_utc,
    extract(epoch from now() - newest.observed_at)::double precision as observed_age_seconds,
    extract(epoch from market_clock.present - case
        when newest.quote_time is not null then newest.quote_time
        when newest.minutes < 1440
            then newest.bar_time + newest.minutes * interval '1 minute'
        else coalesce(trade.closes_at, newest.bar_time)
    end)::double precision as age_seconds,
    case
        when not exists (
            select from market.exchange_sessions as known
            where known.exchange = market.exchange(newest.symbol)
        ) then null
        when today.exchange is null then 'closed'
        else 'open'
    end as market_state,
    extract(epoch from newest.stored_at - newest.observed_at)::double precision as delay_seconds,
    newest.bar_time,
    newest.quote_time
from newest
inner join market.days as day on newest.session_date = day.session_date
left join market.present_of_sources as clock on newest.source = clock.source
cross join
    lateral ( -- noqa: ST05
        select coalesce(clock.present, now()) as present
    ) as market_clock
left join market.exchange_sessions as trade
    on
        trade.exchange = market.exchange(newest.symbol)
        and newest.session_date = trade.session_date
-- A left join, so that who does not ask for the session so far does not wait for it.
left join lateral ( -- noqa: ST05
    select
        (array_agg(bar.open order by bar.bar_time))[1] as open,
        max(bar.high) as high,
        min(bar.low) as low,
        sum(bar.volume) as volume
    from market.events_stream as bar
    where
        newest.quote_time is null
        and bar.symbol = newest.symbol
        and bar.interval = newest.interval
        and bar.bar_time >= day.begins_at
        and bar.bar_time < day.ends_at
        and bar.session_date = newest.session_date
        and (
            newest.minutes = 1440
            or trade.opens_at is null
            or (
                bar.bar_time < trade.closes_at
                and bar.bar_time + newest.minutes * interval '1 minute' > trade.opens_at
            )
        )
) as traded on true
-- Before the hours of its session the vendor's quote still tells of the session before.
cross join
    lateral ( -- noqa: ST05
        select coalesce(newest.quote_time < trade.opens_at, false) as is_early
    ) as quoted
cross join
    lateral ( -- noqa: ST05
        select
            case
                when newest.quote_time is null then traded.open when not quoted.is_early
                    then newest.quote_open
            end as open,
            case
                when newest.quote_time is null then traded.high when not quoted.is_early
                    then newest.quote_high
            end as high,
            case
                when newest.quote_time is null then traded.low when not quoted.is_early
                    then newest.quote_low
            end as low,
            case
                when newest.quote_time is null then traded.volume when not quoted.is_early
                    then newest.quote_volume
            end as volume
    ) as session
left join lateral (
    select told.close from market.previous_closes as told
    where
        newest.quote_time is null
        and told.symbol = newest.symbol
        and told.interval = newest.interval
        and told.session_date = newest.session_date
    order by told.session_date limit 1
) as told on true
cross join
    lateral ( -- noqa: ST05
        select
            case
                when newest.quote_time is null then told.close
                when quoted.is_early then newest.quote_close
                else newest.quote_previous_close
            end as close
    ) as previous
left join market.exchange_sessions as today
    on
        today.exchange = market.exchange(newest.symbol)
        -- A session may have begun on the evening before its date.
        and today.session_date
        - (market_clock.present at time zone market.time_zone(newest.symbol))::date between 0 and 1
        and market_clock.present >= today.opens_at
        and market_clock.present < today.closes_at
        and (
            market_clock.present < today.break_starts_at
            or market_clock.present >= today.break_ends_at
        ) is not false;
