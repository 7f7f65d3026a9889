"""Fills a database with so many bars of other symbols, for what new ones cost beside them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from scripts.local_stack.servers import database

CHUNK = 1_000_000
_CONNECTIONS = 2
# Each chunk holds 2,000 minutes of 500 symbols, in the order of the key, which spares the index.
# All of them lie in the year of the sample: one partition, one index, as a full year makes them.
_STORE = """
insert into market.events_stream (
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, kafka_partition, kafka_offset
)
select
    'H' || lpad((n / 2000)::text, 4, '0'), at, '1min', 10, 12, 9, 11, n, at::date, 'simulator',
    'historical', 'raw', true, now(), 0, 0
from (
    select n, timestamptz '2025-01-06 14:30:00+00'
        + (%s::bigint * 2000 + n %% 2000) * interval '1 minute' as at
    from generate_series(0, 999999) as n
) as minutes
"""


def store(login: database.Login, have: int, want: int) -> float:
    """Add bars from `have` up to `want` of them (whole millions); return the seconds it took."""
    begun = time.monotonic()
    with ThreadPoolExecutor(_CONNECTIONS) as pool:
        list(pool.map(lambda chunk: _store(login, chunk), range(have // CHUNK, want // CHUNK)))
    with database.connect(login) as connection:
        connection.execute("vacuum analyze market.events_stream")
        connection.execute("checkpoint")
    return time.monotonic() - begun


def forget(login: database.Login) -> None:
    """Take out whatever `store` did not bring in, and the ledger's account of it."""
    with database.connect(login) as connection:
        connection.execute("delete from market.events_stream where symbol like 'S%'")
        connection.execute("truncate market.bar_indicators, market.indicator_work")
        connection.execute("truncate market.sink_offsets")
        connection.execute("vacuum analyze market.events_stream")
        connection.execute("checkpoint")


def _store(login: database.Login, chunk: int) -> None:
    with database.connect(login) as connection:
        connection.execute("set synchronous_commit = off")
        connection.execute(_STORE.encode(), (chunk,))
