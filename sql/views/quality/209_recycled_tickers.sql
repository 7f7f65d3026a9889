-- Grain: one row per (symbol, interval, resumed_on) where the bars of a ticker may be of two
-- instruments, the former holder's and the next one's: after a pause of more than three weeks with
-- another sign, or where the active listing begins within the stored bars.
--   ended_on      trade date of the last bar before
--   resumed_on    trade date of the first bar after
--   pause_days    days from the one to the other
--   close_before  the last close before, as stored, in the quote unit
--   open_after    the first open after, as stored, in the quote unit
--   jump_ratio    open_after over close_before, with the splits in between divided out
--   delisted_on   when a listing of the symbol ended, from a month before the pause to its end
--   listed_on     when the active listing of the symbol began, if that is after ended_on
--   signs         of pause, jump (by half or more, up or down), delisted, listed_anew: those there
--                 are, in this order
create or replace view bi.recycled_tickers as
with pauses as (
    -- From bar to bar in steps of three weeks, each by the key.
    select
        series.symbol,
        series.interval,
        pause.last_before,
        pause.first_after
    from market.series as series
    cross join
        lateral ( -- noqa: ST05
            with recursive walk as (
                (
                    select
                        null::timestamptz as before,
                        bar.bar_time
                    from market.events_stream as bar
                    where
                        (bar.symbol, bar.interval, bar.bar_time)
                        >= (series.symbol, series.interval, '-infinity'::timestamptz)
                        and (bar.symbol, bar.interval, bar.bar_time)
                        < (series.symbol, series.interval, 'infinity'::timestamptz)
                    order by bar.symbol, bar.interval, bar.bar_time limit 1
                )
                union all
                select
                    case when near.bar_time is null then walk.bar_time end as before,
                    coalesce(near.bar_time, far.bar_time) as bar_time
                from walk
                left join lateral ( -- noqa: ST05
                    select bar.bar_time from market.events_stream as bar
                    where
                        (bar.symbol, bar.interval, bar.bar_time)
                        > (series.symbol, series.interval, walk.bar_time)
                        and (bar.symbol, bar.interval, bar.bar_time)
                        <= (
                            series.symbol, series.interval, walk.bar_time + interval '21 days'
                        )
                    order by bar.symbol desc, bar.interval desc, bar.bar_time desc limit 1
                ) as near on true
                left join lateral ( -- noqa: ST05
                    select bar.bar_time from market.events_stream as bar
                    where
                        near.bar_time is null
                        and (bar.symbol, bar.interval, bar.bar_time)
                        > (series.symbol, series.interval, walk.bar_time)
                        and (bar.symbol, bar.interval, bar.bar_time)
                        < (series.symbol, series.interval, 'infinity'::timestamptz)
                    order by bar.symbol, bar.interval, bar.bar_time limit 1
                ) as far on true
                where near.bar_time is not null or far.bar_time is not null
            )

            select
                walk.before as last_before,
                walk.bar_time as first_after
            from walk
            where walk.before is not null
        ) as pause
),

begun as (
    select
        series.symbol,
        series.interval,
        before.bar_time as last_before,
        after.bar_time as first_after
    from market.series as series
    inner join market.listings as listing
        on series.symbol = listing.symbol and listing.delisted_on is null
    cross join
        lateral ( -- noqa: ST05
            select bar.bar_time from market.events_stream as bar
            where
                (bar.symbol, bar.interval, bar.bar_time)
                >= (series.symbol, series.interval, '-infinity'::timestamptz)
                and (bar.symbol, bar.interval, bar.bar_time)
                < (
                    series.symbol,
                    series.interval,
                    listing.listed_on::timestamp at time zone 'UTC'
                )
            order by bar.symbol desc, bar.interval desc, bar.bar_time desc limit 1
        ) as before
    cross join
        lateral ( -- noqa: ST05
            select bar.bar_time from market.events_stream as bar
            where
                (bar.symbol, bar.interval, bar.bar_time)
                > (series.symbol, series.interval, before.bar_time)
                and (bar.symbol, bar.interval, bar.bar_time)
                < (series.symbol, series.interval, 'infinity'::timestamptz)
            order by bar.symbol, bar.interval, bar.bar_time limit 1
        ) as after
),

places as (
    select * from pauses
    union
    select * from begun
),

told as (
    select
        place.symbol,
        place.interval,
        before.session_date as ended_on,
        after.session_date as resumed_on,
        before.close as close_before,
        after.open as open_after,
        after.open * coalesce(split.ratio, 1) / before.close as jump_ratio,
        gone.delisted_on,
        anew.listed_on
    from places as place
    inner join market.events_stream as before
        on
            place.symbol = before.symbol
            and place.interval = before.interval
            and place.last_before = before.bar_time
    inner join market.events_stream as after
        on
            place.symbol = after.symbol
            and place.interval = after.interval
            and place.first_after = after.bar_time
    left join lateral ( -- noqa: ST05
        select market.product(numerator) / market.product(denominator) as ratio
        from market.splits
        where
            symbol = place.symbol
            and ex_date
            > coalesce(
                market.shares_date(before.session_date, before.basis), before.session_date
            )
            and ex_date <= after.session_date
    ) as split on true
    left join lateral ( -- noqa: ST05
        select max(delisted_on) as delisted_on from market.listings
        where
            symbol = place.symbol
            and delisted_on between before.session_date - 30 and after.session_date
    ) as gone on true
    left join lateral ( -- noqa: ST05
        select max(listed_on) as listed_on from market.listings
        where
            symbol = place.symbol
            and delisted_on is null
            and listed_on > before.session_date
            and listed_on <= after.session_date
    ) as anew on true
),

signed as (
    select
        *,
        array_remove(
            array[
                case when resumed_on - ended_on > 21 then 'pause' end,
                case when jump_ratio <= 0.5 or jump_ratio >= 1.5 then 'jump' end,
                case when delisted_on is not null then 'delisted' end,
                case when listed_on is not null then 'listed_anew' end
            ],
            null
        ) as found
    from told
)

select
    symbol,
    interval,
    ended_on,
    resumed_on,
    resumed_on - ended_on as pause_days,
    close_before,
    open_after,
    round(jump_ratio, 4) as jump_ratio,
    delisted_on,
    listed_on,
    array_to_string(found, ', ') as signs
from signed
where found <> array['pause'] and found <> '{}';
