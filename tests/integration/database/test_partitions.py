"""Bars are partitioned by year: what came before its year had a partition moves there whole."""

from __future__ import annotations

from datetime import date

import pytest

from sql.partitions import keep_partitions
from tests.fixtures.market import Market

BARS = """
with bars as (
    insert into market.events_stream (
        symbol, bar_time, interval, open, high, low, close, volume, session_date, source,
        freshness, basis, is_final, observed_at, revision, kafka_partition, kafka_offset
    )
    select
        'AAPL', at, '1min', 100.25, 100.5, 100, 100.125, 7, at::date, 'file', 'historical', 'raw',
        true, at, 3, 0, number
    from unnest(array[
        '1999-12-31 23:59Z', '2004-06-01 15:00Z', '2041-12-31 23:59Z', '2042-01-01 00:00Z',
        '2042-12-31 23:59Z', '2043-01-01 00:00Z', '2044-01-01 00:00Z'
    ]::timestamptz[]) with ordinality as made (at, number)
    returning symbol, bar_time, interval, session_date
)
insert into market.bar_indicators (symbol, bar_time, interval, session_date, atr_14)
select symbol, bar_time, interval, session_date, 0.1 from bars
"""
PARENTS = ("events_stream", "bar_indicators")
STORED = "select * from market.{} order by bar_time"
PLACES = """
select extract(year from bar_time at time zone 'UTC')::integer, tableoid::regclass::text
from market.{} order by bar_time
"""


def places(parent: str, *names: str) -> list[tuple[int, str]]:
    years = (1999, 2004, 2041, 2042, 2042, 2043, 2044)
    return [(year, f"{parent}_{name}") for year, name in zip(years, names, strict=True)]


def keep(market: Market, present: date) -> None:
    with market.connect("market_owner") as owner:
        keep_partitions(owner, present)


@pytest.mark.parametrize("parent", PARENTS)
def test_a_year_takes_its_bars_out_of_the_default_partition(market: Market, parent: str) -> None:
    market.run(BARS)
    before = market.rows(STORED.format(parent))
    decade, other = "2000_2009", "default"
    assert market.rows(PLACES.format(parent)) == places(
        parent, other, decade, other, other, other, other, other
    )
    for _ in range(2):  # the second finds everything in place
        keep(market, date(2042, 11, 30))
        assert market.rows(PLACES.format(parent)) == places(
            parent, other, decade, other, "2042", "2042", "2043", other
        )
    assert market.rows(STORED.format(parent)) == before
    assert market.rows("select count(*) from market.bar_revisions") == [(0,)]
