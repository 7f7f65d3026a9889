"""Keeps market.exchange_sessions: New York's trading days out of the calendar library.

Holidays, half days and daylight saving come from the library, from 2000 to the end of next year;
each migration adds what has become known since.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Final

import exchange_calendars
import psycopg

EXCHANGE: Final = "XNYS"
FIRST_DAY: Final = date(2000, 1, 1)

Session = tuple[date, datetime, datetime, bool]
"""Trading day, its regular open and close (UTC), and whether it closes early."""

_KEEP: Final = """
with known as (
    select %(exchange)s as exchange, *
    from unnest(
        %(days)s::date[], %(opens)s::timestamptz[], %(closes)s::timestamptz[], %(early)s::boolean[]
    ) as day (session_date, opens_at, closes_at, is_early_close)
), gone as (
    delete from market.exchange_sessions as stored
    where stored.exchange = %(exchange)s and not exists (
        select from known where known.session_date = stored.session_date
    )
)
insert into market.exchange_sessions as stored
    (exchange, session_date, opens_at, closes_at, is_early_close)
select * from known
on conflict (exchange, session_date) do update set
    opens_at = excluded.opens_at,
    closes_at = excluded.closes_at,
    is_early_close = excluded.is_early_close
where (stored.opens_at, stored.closes_at, stored.is_early_close)
    is distinct from (excluded.opens_at, excluded.closes_at, excluded.is_early_close)
"""


@cache
def read_sessions(last_year: int) -> tuple[Session, ...]:
    """Return the trading days from FIRST_DAY to the end of a year, in order."""
    calendar = exchange_calendars.get_calendar(
        EXCHANGE, start=FIRST_DAY, end=date(last_year, 12, 31)
    )
    early = set(calendar.early_closes)
    schedule = zip(calendar.sessions, calendar.opens, calendar.closes, strict=True)
    return tuple(
        (day.date(), opens.to_pydatetime(), closes.to_pydatetime(), day in early)
        for day, opens, closes in schedule
    )


def keep_sessions(owner: psycopg.Connection, present: date) -> int:
    """Bring the table to what the library knows; return how many sessions it now has."""
    sessions = read_sessions(present.year + 1)
    days, opens, closes, early = map(list, zip(*sessions, strict=True))
    owner.execute(
        _KEEP,
        {"exchange": EXCHANGE, "days": days, "opens": opens, "closes": closes, "early": early},
    )
    return len(sessions)
