"""Keeps market.exchange_sessions: the trading days of every exchange, out of the calendar library.

Holidays, half days, noon breaks and daylight saving come from `services.calendars`; each migration
adds what has become known since. New York's go back to 2000, and those of its indices, the others'
some years, to the end of next year; beyond what is known of a calendar they are assumed.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import psycopg

from services.calendars.sessions import TradingDay, trading_days
from services.common.market.exchanges import EXCHANGES, NEW_YORK, Exchange

FIRST_DAY: Final = date(2000, 1, 1)
OTHERS_FIRST_YEARS: Final = 5
"""How many years back the other exchanges' go: a calendar costs half a second for every ten."""

_KEEP: Final = """
with known as (
    select %(exchange)s as exchange, *
    from unnest(
        %(days)s::date[], %(opens)s::timestamptz[], %(closes)s::timestamptz[], %(early)s::boolean[],
        %(breaks)s::timestamptz[], %(resumes)s::timestamptz[], %(assumed)s::boolean[]
    ) as day (
        session_date, opens_at, closes_at, is_early_close, break_starts_at, break_ends_at,
        is_assumed
    )
), gone as (
    delete from market.exchange_sessions as stored
    where stored.exchange = %(exchange)s and not exists (
        select from known where known.session_date = stored.session_date
    )
)
insert into market.exchange_sessions as stored (
    exchange, session_date, opens_at, closes_at, is_early_close, break_starts_at, break_ends_at,
    is_assumed
)
select * from known
on conflict (exchange, session_date) do update set
    opens_at = excluded.opens_at,
    closes_at = excluded.closes_at,
    is_early_close = excluded.is_early_close,
    break_starts_at = excluded.break_starts_at,
    break_ends_at = excluded.break_ends_at,
    is_assumed = excluded.is_assumed
where (
    stored.opens_at, stored.closes_at, stored.is_early_close, stored.break_starts_at,
    stored.break_ends_at, stored.is_assumed
) is distinct from (
    excluded.opens_at, excluded.closes_at, excluded.is_early_close, excluded.break_starts_at,
    excluded.break_ends_at, excluded.is_assumed
)
"""

# What is traded in the evening belongs to the next session, over weekends and holidays. No evening
# begins earlier in UTC than in summer.
_WIDEN_DAYS: Final = """
with after_closed as (
    select
        session_date,
        (
            lag(session_date) over (order by session_date) + %(evening)s + interval '4 hours'
        ) at time zone 'UTC' as begins_at
    from market.exchange_sessions where exchange = %(exchange)s
)
update market.days as day
set begins_at = after_closed.begins_at
from after_closed
where day.session_date = after_closed.session_date and day.begins_at > after_closed.begins_at
"""


def read_sessions(exchange: Exchange, last_year: int) -> tuple[TradingDay, ...]:
    """Return the trading days of an exchange that are kept, in order."""
    others = date(last_year - 1 - OTHERS_FIRST_YEARS, 1, 1)
    first = FIRST_DAY if exchange.calendar == NEW_YORK.calendar else others
    return trading_days(exchange, first, date(last_year, 12, 31))


def keep_sessions(owner: psycopg.Connection, present: date) -> int:
    """Bring the table to what the calendars know; return how many sessions it now has."""
    count = 0
    for exchange in EXCHANGES:
        days = read_sessions(exchange, present.year + 1)
        columns = {
            "days": [each.day for each in days],
            "opens": [each.opens_at for each in days],
            "closes": [each.closes_at for each in days],
            "early": [each.is_early_close for each in days],
            "breaks": [each.break_starts_at for each in days],
            "resumes": [each.break_ends_at for each in days],
            "assumed": [each.is_assumed for each in days],
        }
        owner.execute(_KEEP, {"exchange": exchange.code, **columns})
        count += len(days)
        if exchange.evening is not None:
            owner.execute(_WIDEN_DAYS, {"exchange": exchange.code, "evening": exchange.evening})
    return count
