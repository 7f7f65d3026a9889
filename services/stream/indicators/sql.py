"""The SQL of the indicators, each statement complete."""

from __future__ import annotations

from typing import Final

from services.stream.indicators.formulas import COLUMNS, LOOKBACK, STATE

PENDING: Final = """
select symbol, interval from market.indicator_work
group by symbol, interval order by min(from_time), symbol, interval limit %s
"""
SNAPSHOT: Final = "set transaction isolation level repeatable read"

MARKS: Final = """
select symbol, interval, min(from_time), max(until_time)
from market.indicator_work
join unnest(%s::text[], %s::text[]) as wanted (symbol, interval) using (symbol, interval)
group by symbol, interval order by symbol, interval
"""

_WANTED: Final = """
unnest(%s::text[], %s::text[], %s::timestamptz[])
with ordinality as wanted (symbol, interval, from_time, series)
"""
# The bars of each wanted series: LOOKBACK before the first due one, then so many from it on.
BARS: Final = f"""
copy (
    select wanted.series, bar.*
    from {_WANTED}
    cross join lateral (
        (
            select
                bar_time, session_date, false as is_due,
                market.shares_date(session_date, basis), high::float8, low::float8,
                close::float8, volume::float8
            from market.events_stream
            where symbol = wanted.symbol and interval = wanted.interval
                and bar_time < wanted.from_time
            order by bar_time desc limit {LOOKBACK}
        )
        union all
        (
            select
                bar_time, session_date, true,
                market.shares_date(session_date, basis), high::float8, low::float8,
                close::float8, volume::float8
            from market.events_stream
            where symbol = wanted.symbol and interval = wanted.interval
                and bar_time >= wanted.from_time
            order by bar_time limit %s
        )
    ) as bar
    order by wanted.series, bar.bar_time
) to stdout (format csv)
"""
# What prices as traded before each day are divided by, of the symbols of some series.
SPLITS: Final = """
select
    symbol, ex_date, market.product(numerator)::text, market.product(denominator)::text
from market.corporate_actions
where symbol = any (%s) and kind = 'split' and not is_withdrawn
group by symbol, ex_date order by symbol, ex_date
"""
# What was derived of the bar before the first due one of each series.
STATES: Final = f"""
copy (
    select wanted.series, derived.*
    from {_WANTED}
    cross join lateral (
        select bar_time, {", ".join(STATE)} from market.bar_indicators
        where symbol = wanted.symbol and interval = wanted.interval
            and bar_time < wanted.from_time
        order by bar_time desc limit 1
    ) as derived
) to stdout (format csv)
"""

CREATE_STAGING: Final = f"""
create temporary table if not exists staged_indicators (
    symbol text, interval text, bar_time timestamptz, session_date date,
    {", ".join(f"{name} float8" for name in COLUMNS)}
) on commit delete rows
"""
STAGE: Final = "copy staged_indicators from stdin (format csv)"

_ROW: Final = ("session_date", *COLUMNS)
# Rows that come out as they were are not written; of each series the last row that was.
MERGE: Final = f"""
with merged as (
    insert into market.bar_indicators as derived (symbol, interval, bar_time, {", ".join(_ROW)})
    select symbol, interval, bar_time, {", ".join(_ROW)} from staged_indicators
    on conflict (symbol, interval, bar_time) do update set
        {", ".join(f"{name} = excluded.{name}" for name in _ROW)},
        computed_at = clock_timestamp()
    where ({", ".join(f"derived.{name}" for name in _ROW)})
        is distinct from ({", ".join(f"excluded.{name}" for name in _ROW)})
    returning symbol, interval, bar_time
)
select symbol, interval, count(*), max(bar_time) from merged group by symbol, interval
"""

FORGET: Final = """
delete from market.indicator_work as mark
using unnest(%s::text[], %s::text[]) as done (symbol, interval)
where mark.symbol = done.symbol and mark.interval = done.interval
"""
REMEMBER: Final = """
insert into market.indicator_work (symbol, interval, from_time, until_time)
select * from unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
"""

# Marks that are put together are no word of anything new.
BEGIN_FOLDING: Final = "set local tapeline.folding = on"
# Of each series one mark remains, of as many bars as all of them together.
FOLD: Final = """
with taken as (delete from market.indicator_work returning *)
insert into market.indicator_work (symbol, interval, from_time, until_time)
select symbol, interval, min(from_time), max(until_time) from taken group by symbol, interval
"""
