"""The time of each view for one symbol and one session, with many bars stored.

The bars are those of many symbols in New York's regular hours, a minute each, in the order in which
they would have come; their indicators are made up, since only how many there are counts.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import psycopg

from scripts.benchmarking.servers import Servers
from scripts.launcher.progress import say
from scripts.local_stack.servers import database
from scripts.local_stack.servers.passwords import read_password

READER = "powerbi_reader"
SYMBOLS = 200
_REPEATS = 5
BARS_OF_A_SESSION = SYMBOLS * 390
_LAST_SESSION = date(2026, 11, 20)
_SYMBOL = "S0007"
_OTHER = "S0008"

_SESSIONS = """
select session_date from market.exchange_sessions
where exchange = 'XNYS' and session_date <= %s and closes_at - opens_at = interval '390 minutes'
order by session_date desc limit %s
"""
_BARS = """
insert into market.events_stream (
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, kafka_partition, kafka_offset
)
select
    'S' || lpad(symbol::text, 4, '0'), opens_at + minute * interval '1 minute', '1min',
    price, round(1.002 * price, 4), round(0.998 * price, 4),
    round(price * (1 + 0.001 * sin(minute * symbol))::numeric, 4),
    (1000 + 500 * sin(minute + symbol))::bigint, session_date, 'simulator', 'simulated', 'raw',
    true, opens_at + minute * interval '1 minute' + interval '61 seconds', 0, 0
from market.exchange_sessions
cross join generate_series(0, 389) as minute
cross join generate_series(1, %(symbols)s) as symbol
cross join lateral (
    select (100 + symbol + 5 * sin(minute * 0.02 * symbol) + sin(minute * 1.7))::numeric(18, 4)
) as made (price)
where exchange = 'XNYS' and session_date = %(day)s
order by minute, symbol
"""
_DERIVED = """
insert into market.bar_indicators (
    symbol, bar_time, interval, session_date, change, change_percent, sma_20, sma_50, sma_200,
    ema_12, ema_26, ema_50, vwap, true_range, atr_14, volatility_20, bollinger_upper_20,
    bollinger_lower_20, rsi_14, volume_zscore_20, average_gain_14, average_loss_14,
    session_turnover, session_volume
)
select
    symbol, bar_time, interval, session_date, close - open, 100 * (close / open - 1),
    open + sin(minute / 7.0), open, open, open, open, open, open, high - low, high - low, 0.001,
    1.001 * open, 0.999 * open, 50 + 40 * sin(minute / 5.0), 4.2 * sin(minute), 1, 1, 1, 1
from (
    select
        *,
        (extract(epoch from bar_time) / 60)::bigint %% 390 as minute
    from market.events_stream
    where session_date = %(day)s and bar_time >= %(day)s and bar_time < %(day)s::date + 2
    order by bar_time, symbol
) as bars
"""
_SERIES = """
insert into market.indicator_work (symbol, interval, from_time, until_time)
select 'S' || lpad(symbol::text, 4, '0'), '1min', now(), now()
from generate_series(1, %(symbols)s) as symbol
"""
# A dividend each quarter for 25 years, one more in each of the last weeks, a split now and then.
_ACTIONS = """
insert into market.corporate_actions (
    symbol, kind, ex_date, number, numerator, denominator, amount, vendor_value, is_withdrawn,
    source, observed_at, kafka_partition, kafka_offset
)
select
    'S' || lpad(symbol::text, 4, '0'), kind, %(day)s::date - days, 0, numerator, denominator,
    amount, '', false, 'simulator', now(), 0, 0
from generate_series(1, %(symbols)s) as symbol
cross join lateral (
    select 'dividend', 91 * n + 60, null::numeric, null::numeric, 0.25
    from generate_series(1, 100) as n
    union all
    select 'dividend', 7 * n, null, null, 0.25 from generate_series(0, 7) as n
    union all
    select 'split', 800 * n + 3, 2 + n, 1 + n, null from generate_series(0, 8) as n
) as action (kind, days, numerator, denominator, amount)
"""
_ONE_SESSION = f"symbol = '{_SYMBOL}' and session_date = '{_LAST_SESSION}'"
_WHERE = {
    "corporate_actions": f"symbol = '{_SYMBOL}'",
    "comparison_pairs": f"{_ONE_SESSION} and other_symbol = '{_OTHER}'",
    "exchange_sessions": f"exchange = 'XNYS' and session_date = '{_LAST_SESSION}'",
    "price_bases": f"symbol = '{_SYMBOL}'",
    "renames": f"new_symbol = '{_SYMBOL}'",
    "recycled_tickers": f"symbol = '{_SYMBOL}'",
    "dates": f"session_date = '{_LAST_SESSION}'",
    "intervals": "true",
    "latest_quote": f"symbol = '{_SYMBOL}'",
    "symbols": f"symbol = '{_SYMBOL}'",
    "alert_rules": "true",
    "rejected_by_reason": "true",
    "sink_status": "true",
}


@dataclass(frozen=True)
class Viewed:
    """Medians over `_REPEATS` queries, as the client waits and of the server's processor time;
    how many rows came."""

    view: str
    rows: int
    seconds: float
    cpu_seconds: float


def measure(servers: Servers, bars: int) -> Iterator[Viewed]:
    """Store so many bars, then time every view of `bi` as Power BI's role."""
    login = servers.make_database("views")
    with database.connect(login) as connection:
        _load(connection, bars)
    password = read_password(servers.passwords[READER])
    with database.connect(replace(login, user=READER, password=password)) as connection:
        views = connection.execute(
            "select viewname from pg_views where schemaname = 'bi' order by viewname"
        ).fetchall()
        for (view,) in views:
            yield _time(connection, view)


def _load(connection: psycopg.Connection, bars: int) -> None:
    for day in store_sessions(connection, bars):
        connection.execute(_DERIVED, {"day": day})
    connection.execute(_ACTIONS, {"day": _LAST_SESSION, "symbols": SYMBOLS})
    connection.execute("vacuum analyze market.bar_indicators, market.corporate_actions")


def store_sessions(connection: psycopg.Connection, bars: int) -> Iterator[date]:
    """Store so many bars, in whole sessions of all symbols; yield each session when it is there."""
    connection.execute("set synchronous_commit = off")
    wanted = -(-bars // BARS_OF_A_SESSION)
    sessions = connection.execute(_SESSIONS, (_LAST_SESSION, wanted)).fetchall()
    connection.execute(_SERIES, {"symbols": SYMBOLS})
    for number, (day,) in enumerate(reversed(sessions), start=1):
        connection.execute(_BARS, {"day": day, "symbols": SYMBOLS})
        yield day
        if number % 16 == 0 or number == len(sessions):
            say(f"  {number * BARS_OF_A_SESSION:,} bars stored")
    connection.execute("vacuum analyze market.events_stream, market.series")


def query_of(view: str) -> str:
    """Return what a view of `bi` is asked: all of one symbol and session, where it has them."""
    return f"select * from bi.{view} where {_WHERE.get(view, _ONE_SESSION)}"  # noqa: S608


def _time(connection: psycopg.Connection, view: str) -> Viewed:
    query = query_of(view).encode()
    # The time that the server's process has had on a processor: the first figure, nanoseconds.
    used = Path(f"/proc/{connection.info.backend_pid}/schedstat")
    seconds, cpu_seconds, rows = [], [], 0
    for _ in range(_REPEATS):
        begun, used_before = time.perf_counter(), int(used.read_text("ascii").split()[0])
        rows = len(connection.execute(query).fetchall())
        seconds.append(time.perf_counter() - begun)
        cpu_seconds.append((int(used.read_text("ascii").split()[0]) - used_before) / 1e9)
    return Viewed(view, rows, statistics.median(seconds), statistics.median(cpu_seconds))
