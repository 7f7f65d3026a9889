"""The columns that the stream writes are those of the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.market import bar
from services.stream.decoding.copy_text import LINE_COLUMNS
from services.stream.indicators import formulas
from services.stream.indicators import sql as indicator_sql
from services.stream.sink import sql
from tests.fixtures.market import Market, Row

COLUMNS = """
select column_name, format_type(atttypid, atttypmod), is_nullable = 'NO'
from information_schema.columns
inner join pg_attribute
    on attrelid = format('%%I.%%I', table_schema, table_name)::regclass and attname = column_name
where table_schema = %s and table_name = %s order by ordinal_position
"""
OF_THE_TABLE = [  # columns of events_stream that no line brings
    ("revision", "integer", True),
    ("inserted_at", "timestamp with time zone", True),
    ("updated_at", "timestamp with time zone", True),
]
CHECKS = sorted((Path(__file__).parents[2] / "sql" / "checks").glob("*.sql"))


def columns(market: Market, schema: str, table: str) -> list[Row]:
    return market.rows(COLUMNS, (schema, table))


def test_the_tables_have_the_columns_that_the_statements_name(market: Market) -> None:
    lasting = sql.CREATE_STAGING.replace("temporary ", "").replace(" on commit delete rows", "")
    market.run(f"set search_path = public; {lasting}")
    stream = columns(market, "market", "events_stream")
    staged = columns(market, "public", "staged_bars")

    # A line brings exactly what staging holds, and staging what the table wants of it.
    assert [name for name, _, _ in staged] == list(LINE_COLUMNS)
    brought = [row for row in stream if row[0] in LINE_COLUMNS]
    assert [row[:2] for row in brought] == [row[:2] for row in staged]
    assert [row for row in stream if row[0] not in LINE_COLUMNS] == OF_THE_TABLE
    assert [name for name, _, not_null in stream if not not_null] == ["volume"]

    assert columns(market, "market", "bar_revisions") == [
        *stream[: -len(OF_THE_TABLE) - 2],
        *OF_THE_TABLE,
        *stream[-2:],
        ("replaced_at", "timestamp with time zone", True),
    ]

    rejected = {name: kind for name, kind, _ in columns(market, "market", "rejected_events")}
    staged_rejected = columns(market, "public", "staged_rejected")
    assert {name: kind for name, kind, _ in staged_rejected}.items() <= rejected.items()
    assert len(sql.REJECTED_TYPES) == len(staged_rejected)
    assert {*rejected} - {name for name, _, _ in staged_rejected} == {"topic", "rejected_at"}


def test_the_derived_series_have_the_columns_that_are_computed(market: Market) -> None:
    lasting = indicator_sql.CREATE_STAGING.replace("temporary ", "").replace(
        " on commit delete rows", ""
    )
    market.run(f"set search_path = public; {lasting}")
    derived = columns(market, "market", "bar_indicators")
    series = [("symbol", "text", True), ("bar_time", "timestamp with time zone", True)]

    assert derived == [
        *series,
        ("interval", "text", True),
        ("session_date", "date", True),
        *((name, "double precision", False) for name in formulas.COLUMNS),
        ("computed_at", "timestamp with time zone", True),
    ]
    staged = {name: kind for name, kind, _ in columns(market, "public", "staged_indicators")}
    assert staged == {name: kind for name, kind, _ in derived[:-1]}


def test_the_table_keeps_every_digit_that_the_patterns_let_through(market: Market) -> None:
    market.run(SOUND)

    @given(
        *(st.from_regex(form, fullmatch=True) for form in (bar.PRICE_PATTERN, bar.VOLUME_PATTERN))
    )
    @settings(max_examples=50, deadline=None)
    def keeps(price: str, volume: str) -> None:
        kept = market.rows(
            "update market.events_stream set high = %s, volume = %s"
            " returning high::text, volume::text",
            (price, volume),
        )
        assert kept == [tuple(_written(text) for text in (price, volume))]

    keeps()


def _written(text: str) -> str:
    whole, point, decimals = text.partition(".")
    return (whole.lstrip("0") or "0") + point + decimals


def test_every_check_is_quiet_on_an_empty_database(market: Market) -> None:
    assert len(CHECKS) >= 5
    found = {file.stem: market.rows(file.read_text("utf-8")) for file in CHECKS}
    assert found == {file.stem: [] for file in CHECKS}


@pytest.mark.parametrize(
    ("check", "damage"),
    [
        ("ohlc_consistent", "update market.events_stream set high = 1"),
        ("ohlc_consistent", "update market.events_stream set low = -1"),
        ("revisions_complete", "update market.events_stream set revision = 7"),
        ("revisions_complete", "delete from market.bar_revisions"),
        ("stored_accounts", "update market.sink_offsets set stored = 9, superseded = -7"),
        ("stored_accounts", "delete from market.events_stream"),
        ("rejected_accounts", "delete from market.rejected_events"),
        ("ledger_accounts", "update market.sink_offsets set next_offset = 5"),
        ("indicators_complete", "delete from market.indicator_work"),
        ("series_complete", "delete from market.series"),
    ],
)
def test_every_check_finds_what_it_is_there_for(check: str, damage: str, market: Market) -> None:
    market.run(SOUND)
    sound = {file.stem: market.rows(file.read_text("utf-8")) for file in CHECKS}
    assert sound == {file.stem: [] for file in CHECKS}

    market.run("alter table market.events_stream disable trigger keep_replaced_bars")
    market.run(damage)

    [file] = [file for file in CHECKS if file.stem == check]
    assert len(market.rows(file.read_text("utf-8"))) == 1


SOUND = """
insert into market.events_stream (
    symbol, bar_time, interval, open, high, low, close, volume, session_date, source, freshness,
    basis, is_final, observed_at, kafka_partition, kafka_offset
) values (
    'AAPL', '2025-11-06 20:55Z', '5min', 2, 3, 1, 2, 5, '2025-11-06', 'alphavantage', 'realtime',
    'raw', false, '2025-11-06 21:00Z', 0, 0
);
update market.events_stream set close = 3, kafka_offset = 2, revision = revision + 1;
insert into market.indicator_work values (
    'AAPL', '5min', '2025-11-06 20:55Z', '2025-11-06 20:55Z'
);
insert into market.rejected_events (
    topic, kafka_partition, kafka_offset, key, value, reason, kafka_timestamp
) values ('market.bars', 0, 1, null, null, 'null_value', now());
insert into market.sink_offsets (
    topic, partition, topic_id, first_offset, next_offset, stored, rejected
) values ('market.bars', 0, 'id', 0, 3, 2, 1)
"""
