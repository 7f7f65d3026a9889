"""A relationship that promises a match has one for every row; those that do not, need not."""

from __future__ import annotations

from powerbi.model.definitions import Relationship
from powerbi.model.semantic_model import MODEL
from tests.fixtures.market import Market

READER = "powerbi_reader"
BARS = """
insert into market.events_stream (
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, kafka_partition, kafka_offset
)
select
    symbol, bar_time, interval, 200, 212, 190, 201, 1000,
    (bar_time at time zone 'America/New_York')::date, 'alphavantage', 'realtime', 'raw', true,
    now(), 0, 0
from (values
    ('OLD.WHERE', timestamptz '1999-11-01 05:00Z', '1d'),
    ('IBM', now() - interval '2 days', '1d'),
    ('IBM', now() - interval '2 days', '5min'),
    ('TSLA', now() - interval '1 day', '1min'),
    ('BT.A.LON', now() - interval '1 day', '60min')
) as bar (symbol, bar_time, interval)
"""
SERIES = """
insert into market.series (symbol, interval)
select distinct symbol, interval from market.events_stream
"""
ACTION = """
insert into market.corporate_actions (
    symbol, kind, ex_date, number, amount, vendor_value, is_withdrawn, source, observed_at,
    kafka_partition, kafka_offset
)
values ('KO', 'dividend', date '2025-11-06', 0, 0.51, '0.51', false, 'simulator', now(), 0, 0)
"""
REFUSED = """
insert into market.rejected_events (
    topic, kafka_partition, kafka_offset, key, value, reason, kafka_timestamp, rejected_at
)
values (
    'market.bars', 0, 1, convert_to('BAD', 'UTF8'),
    convert_to('{"symbol":"BAD","interval":"5min"', 'UTF8'), 'a', now(), now()
)
"""


def unmatched(market: Market, table: str) -> dict[Relationship, int]:
    """Return how many rows of a table have no row of the one side, by relationship."""
    related = [each for each in MODEL.relationships if each.table == table]
    counts = (
        f"count(*) filter (where {each.to_table}.{each.to_column} is null)" for each in related
    )
    joins = (
        f"left join bi.{MODEL.table(each.to_table).view} as {each.to_table} "
        f"on many.{each.column} = {each.to_table}.{each.to_column}"
        for each in related
    )
    view = MODEL.table(table).view
    query = f"select {', '.join(counts)} from bi.{view} as many {' '.join(joins)}"  # noqa: S608
    [found] = market.rows(query, (), READER)
    return dict(zip(related, found, strict=True))


def test_only_what_always_matches_relies_on_a_match(market: Market) -> None:
    for statement in (BARS, SERIES, ACTION, REFUSED, "analyze"):
        market.run(statement)
    found: dict[Relationship, int] = {}
    for table in dict.fromkeys(each.table for each in MODEL.relationships):
        found |= unmatched(market, table)
    assert [each for each, rows in found.items() if each.always_matches and rows] == []
    # Else the promise could be made of these too.
    broken = {(each.table, each.to_table) for each, rows in found.items() if rows}
    assert broken >= {
        ("Bars", "Dates"),
        ("Data quality", "Symbols"),
        ("Corporate actions", "Symbols"),
    }
