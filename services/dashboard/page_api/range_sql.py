"""The SQL of chosen ranges: the dates they span, and the prices that comparison begins with."""

from __future__ import annotations

from typing import Final

from services.dashboard.data_api.dataset import AS_TRADED

_NEWEST: Final = """
select max(newest.session_date) as session_date
from unnest(%(intervals)s::text[]) as stored (interval)
cross join lateral (
    select session_date from bi.events_stream
    where symbol = %(symbol)s and interval = stored.interval
    order by bar_time desc limit 1
) as newest
"""
# The first of the newest sessions is that of the calendar; where there is none, of those stored.
_SESSIONS: Final = """
with recursive newest as ({newest}),

stored as (
    select session_date, 1 as place from newest
    union all
    select (
        select max(earlier.session_date)
        from unnest(%(intervals)s::text[]) as stored_interval (interval)
        cross join lateral (
            select session_date from bi.events_stream
            where symbol = %(symbol)s and interval = stored_interval.interval
                and session_date < stored.session_date
            order by bar_time desc limit 1
        ) as earlier
    ), place + 1
    from stored
    where place < %(sessions)s and session_date is not null and %(exchange)s::text is null
)

select
    newest.session_date,
    coalesce(
        (
            select min(session_date) from (
                select session_date from bi.exchange_sessions
                where exchange = %(exchange)s and session_date <= newest.session_date
                order by session_date desc limit %(sessions)s
            ) as calendar
        ),
        (select min(session_date) from stored)
    )
from newest
"""
_MONTHS: Final = """
with newest as ({newest})

select session_date, (session_date - %(months)s * interval '1 month')::date + 1 from newest
"""
_EVERYTHING: Final = """
with newest as ({newest})

select session_date, date '1970-01-01' from newest
"""
SESSIONS: Final = _SESSIONS.format(newest=_NEWEST)
MONTHS: Final = _MONTHS.format(newest=_NEWEST)
EVERYTHING: Final = _EVERYTHING.format(newest=_NEWEST)

# The first bar of regular hours of the first date, else of all hours; of several intervals the
# smallest tells it, so that it is the same on every interval that is shown.
_FIRST: Final = """
    select bar.* from bi.intervals as width
    cross join lateral (
        select session_date from bi.events_stream
        where symbol = {symbol} and interval = width.interval and {dates}
        order by bar_time limit 1
    ) as day
    cross join lateral (
        select
            symbol, interval, bar_time, session_date,
            coalesce(session_part, 'regular') = 'regular' as is_regular
        from bi.events_stream
        where symbol = {symbol} and interval = width.interval and session_date = day.session_date
        order by is_regular desc, bar_time limit 1
    ) as bar
    order by bar.session_date, bar.is_regular desc, width.minutes limit 1
"""
# A symbol that was not traded at the place and date of the first one has the price that it closed
# at before.
_BASE: Final = """
with base as materialized (
    select
        first.symbol, first.session_date, first.is_regular,
        coalesce(
            trade.opens_at_utc at time zone 'UTC',
            case when first.interval <> '1d' then first.bar_time end
        ) as begins_at,
        coalesce(trade.opens_at_utc at time zone 'UTC', first.bar_time) as since
    from ({first}) as first
    left join bi.exchange_sessions as trade
        on
            trade.exchange = %(exchange)s and trade.session_date = first.session_date
            and first.is_regular
),

chosen as materialized (
    select bar.* from base
    cross join unnest(%(symbols)s::text[], %(exchanges)s::text[]) as wanted (symbol, exchange)
    cross join lateral (
        select * from (
            (
                select symbol, interval, bar_time, true as is_open
                from ({same_date}) as same_date
                where
                    wanted.exchange is not distinct from %(exchange)s
                    and same_date.is_regular = base.is_regular
            )
            union all
            (
                select before.symbol, before.interval, before.bar_time, false
                from bi.intervals as width
                cross join lateral (
                    select symbol, interval, bar_time from bi.events_stream
                    where symbol = wanted.symbol and interval = width.interval
                        and bar_time <= base.since - width.minutes * interval '1 minute'
                    order by bar_time desc limit 1
                ) as before
                order by
                    before.bar_time + width.minutes * interval '1 minute' desc, width.minutes
                limit 1
            )
        ) as found
        order by is_open desc limit 1
    ) as bar
)

select
    base.session_date, extract(epoch from base.begins_at)::float8, priced.symbol, priced.price
from base
left join lateral (
    select chosen.symbol, case when chosen.is_open then bar.open else bar.close end::float8 as price
    from chosen
    inner join bi.{relation} as bar
        on
            bar.symbol = chosen.symbol and bar.interval = chosen.interval
            and bar.bar_time = chosen.bar_time
) as priced on true
"""
BASE_PRICES: Final = {
    basis: _BASE.format(
        first=_FIRST.format(symbol="%(symbol)s", dates="session_date >= %(first)s"),
        same_date=_FIRST.format(symbol="wanted.symbol", dates="session_date = base.session_date"),
        relation="events_stream" if basis == AS_TRADED else f"events_stream_{basis}",
    )
    for basis in (AS_TRADED, "split_adjusted", "total_return")
}
