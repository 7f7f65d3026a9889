"""The SQL of charts: bars of a range with their bands, and those that have changed since.

Each statement is complete, and made of constants alone.
"""

from __future__ import annotations

from typing import Final

from services.dashboard.data_api.dataset import AS_TRADED
from services.dashboard.data_api.stored_tables import CANDLE_INTERVALS, CANDLES, FROM_OPEN
from services.dashboard.page_api import series_index

MOST_ROWS: Final = 5_000
"""The bars that a chart or a message has at most."""
_VALUE_COLUMNS: Final = ("time", "open", "high", "low", "close", "volume")
BAR_COLUMNS: Final = (*_VALUE_COLUMNS, "upper", "middle", "lower", "volatility")
"""What each row of a chart of stored bars has, in the order of its statement."""
CANDLE_COLUMNS: Final = (*BAR_COLUMNS, "covered_percent", "rolled_up_from")
"""The same of candles."""
_ADJUSTED: Final = ("split_adjusted", "total_return")

# A day stands at the midnight of its date in UTC, so that every browser shows that date, wherever
# the exchange and the browser are.
_BAR_TIME = """
    extract(
        epoch from case when interval = '1d' then session_date::timestamp at time zone 'UTC'
            else bar_time end
    )::float8
"""
_VALUES = "open::float8, high::float8, low::float8, close::float8, volume::float8"
_CHART_COLUMNS = f"{_BAR_TIME}, {_VALUES}"
# The time that a day stands at may lie after its bar's.
_SHOWN = """
    bar_time >= watched.shown_from
    - case when watched.interval = '1d' then interval '1 day' else interval '0' end
"""

# From the first trade date of a range on.
STORED_BARS: Final = f"""
select {_CHART_COLUMNS}, bollinger_upper_20, bollinger_middle_20, bollinger_lower_20, volatility_20
from (
    select * from bi.events_stream
    where symbol = %(symbol)s and interval = %(interval)s and session_date >= %(first)s
    order by bar_time desc limit %(most)s
) as bars
left join lateral (
    select bollinger_upper_20, bollinger_middle_20, bollinger_lower_20, volatility_20
    from bi.bar_indicators as derived
    where derived.symbol = bars.symbol and derived.interval = bars.interval
        and derived.bar_time = bars.bar_time
) as indicators on true
order by bar_time
"""

# Indicators are stored of stored bars as traded; those of a rolled-up candle, and of prices on
# another basis, are the same definitions over what is drawn, and a test compares the two.
_WITH_BANDS = """
        *,
        case when count(*) over last_20 = 20 then avg(close) over last_20 end::float8 as middle,
        case when count(*) over last_20 = 20
            then stddev_pop(close) over last_20 end::float8 as deviation,
        case when count(step) over last_20 = 20
            then stddev_samp(step) over last_20 end::float8 as volatility
"""
_BANDS = "middle + 2 * deviation, middle, middle - 2 * deviation, volatility"

# Bars from `shown.since` on, with the twenty before them, which the first ones' bands look back on.
_ON_A_BASIS = """
with shown as materialized (select ({since}) as since),

bars as materialized (
    select
        {with_bands}
    from (
        select *, ln((close / lag(close) over (order by bar_time))::float8) as step
        from (
            select * from bi.events_stream_{basis}
            where symbol = %(symbol)s and interval = %(interval)s and bar_time >= coalesce(
                (
                    select bar_time from bi.events_stream
                    where symbol = %(symbol)s and interval = %(interval)s
                        and bar_time < (select since from shown)
                    order by bar_time desc offset 19 limit 1
                ),
                '-infinity'
            )
            order by bar_time desc limit %(most)s + 20
        ) as newest
    ) as stepped
    window last_20 as (order by bar_time rows between 19 preceding and current row)
)

select * from (
    select {columns}, {bands} from bars
    where bar_time >= (select since from shown)
    order by bar_time desc limit %(most)s
) as newest
order by 1
"""


def _on_a_basis(since: str) -> dict[str, str]:
    return {
        basis: _ON_A_BASIS.format(
            since=since, with_bands=_WITH_BANDS, basis=basis, columns=_CHART_COLUMNS, bands=_BANDS
        )
        for basis in _ADJUSTED
    }


BARS_ON_BASIS: Final = _on_a_basis("""
    select bar_time from bi.events_stream
    where symbol = %(symbol)s and interval = %(interval)s and session_date >= %(first)s
    order by bar_time limit 1
""")
# From the first that has changed on: it moves the bands of the twenty after it.
CHANGED_ON_BASIS: Final = _on_a_basis("""
    select min(bar_time) from bi.events_stream
    where symbol = %(symbol)s and interval = %(interval)s and updated_at > %(since)s
        and bar_time >= %(shown_from)s
        - case when %(interval)s = '1d' then interval '1 day' else interval '0' end
""")

_ROLLED_UP = """
with candles as materialized (
    select
        {with_bands}
    from (
        select *, ln(close / lag(close) over (order by session_date, bar_time)) as step
        from {relation}
        where symbol = %(symbol)s and session_date >= %(since)s::date - 60
    ) as stepped
    window last_20 as (
        order by session_date, bar_time rows between 19 preceding and current row
    )
)

select * from (
    select {columns}, {bands}, covered_percent, rolled_up_from
    from candles
    where {shown}
    order by session_date desc, bar_time desc limit %(most)s
) as newest
order by 1
"""


_CANDLES: Final = (
    *zip(CANDLE_INTERVALS, CANDLES, strict=True),
    (series_index.FROM_OPEN, FROM_OPEN),
)


def _rolled_up(shown: str) -> dict[str, dict[str, str]]:
    """Return the statement by price basis and interval."""
    return {
        basis: {
            interval: _ROLLED_UP.format(
                with_bands=_WITH_BANDS,
                relation=candles.on_basis(basis).view,
                columns=_CHART_COLUMNS.replace("interval =", f"'{interval}' ="),
                bands=_BANDS,
                shown=shown,
            )
            for interval, candles in _CANDLES
        }
        for basis in (AS_TRADED, *_ADJUSTED)
    }


ROLLED_UP: Final = _rolled_up("session_date >= %(since)s")
# With the session before, so that a candle that is no more, at the beginning of the session that
# has changed, lies behind the first that is given.
ROLLED_UP_SINCE: Final = _rolled_up("""session_date >= coalesce((
        select max(session_date) from candles where session_date < %(since)s
    ), %(since)s)""")

CHANGED_BARS: Final = f"""
select watched.place, bars.* from
unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    with ordinality as watched (symbol, interval, shown_from, since, place)
cross join lateral (
    select {_CHART_COLUMNS} from bi.events_stream
    where symbol = watched.symbol and interval = watched.interval
        and {_SHOWN} and updated_at > watched.since
    order by bar_time limit {MOST_ROWS} + 1
) as bars
"""
CHANGED_INDICATORS: Final = f"""
select watched.place, derived.* from
unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    with ordinality as watched (symbol, interval, shown_from, since, place)
cross join lateral (
    select
        {_BAR_TIME}, bollinger_upper_20, bollinger_middle_20, bollinger_lower_20, volatility_20
    from bi.bar_indicators
    where symbol = watched.symbol and interval = watched.interval
        and {_SHOWN} and computed_at > watched.since
    order by bar_time limit {MOST_ROWS} + 1
) as derived
"""
FIRST_CHANGED_SESSION: Final = """
select min(session_date) from bi.events_stream
where symbol = %s and interval = any(%s) and bar_time >= %s - interval '1 day' and updated_at > %s
"""
