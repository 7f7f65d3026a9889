"""Quotes from Kafka to the table: the newest of each symbol, whatever dies, and what views say."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from scripts.launcher.paths import ROOT
from services.common import fail_points
from services.common.market.quote import Quote
from services.stream.event_topics.apply import merge_again
from services.stream.quotes.merge import QUOTES
from services.stream.sink import postgres
from services.stream.sink.offset_ledger import Tally
from tests.fixtures.market import Market, Topic
from tests.integration.stream.events.follower import LEDGER, REFUSED, Follower
from tests.integration.stream.events.quotes import BARE, EVENING, LATER, NOON, records

TABLE = """
select symbol, to_char(quote_time, 'HH24:MI:SS.MS'), session_date::text, close, volume,
    previous_close, extended_hours_price, kafka_offset
from market.quotes order by 1
"""
POINTS = [point for point in fail_points.POINTS if point.startswith("events.")]
SCHEMA = json.loads((ROOT / "services/common/market/quote.schema.json").read_text("utf-8"))

Pair = tuple[bytes | None, bytes | None]


def record(quote: Quote, **changes: str) -> Pair:
    changed = replace(quote, **changes)  # type: ignore[arg-type]
    return changed.key(), changed.to_json()


BAD: dict[str, Pair] = {
    "null_value": (b"AAPL", None),
    "missing_key": (None, NOON.to_json()),
    "malformed_json": (b"AAPL", b"no quote"),
    "missing_field": (b"AAPL", b'{"schema_version": 1}'),
    "unknown_schema_version": (b"AAPL", b'{"schema_version": 2}'),
    "wrong_type": (b"AAPL", NOON.to_json().replace(b'"270.1"', b"270.1")),
    "key_mismatch": (b"MSFT", NOON.to_json()),
    "bad_symbol": record(NOON, symbol="A B"),
    "bad_source": record(NOON, source="file"),
    "bad_freshness": record(NOON, freshness="fresh"),
    "bad_timezone": record(NOON, exchange_tz="Mars/Base"),
    "bad_price": record(NOON, close="None"),
    "bad_volume": record(NOON, volume="-1"),
    "missing_price": record(NOON, close=""),
    "nonpositive_price": record(NOON, low="0.0"),
    "inconsistent_ohlc": record(NOON, high="1.0"),
    "bad_exchange_time": record(NOON, exchange_time="2025-13-06 12:00:00"),
    "nonexistent_time": record(NOON, exchange_time="2025-03-09 02:30:00"),
    "ambiguous_time": record(NOON, exchange_time="2025-11-02 01:30:00"),
    "bad_observed_at": record(NOON, observed_at="2025-11-06"),
    "time_out_of_range": record(NOON, exchange_time="2999-11-06 12:00:00"),
}
SENT: list[Pair] = [
    record(NOON),
    record(NOON, observed_at="2025-11-06T17:00:31.000Z"),  # seen again
    record(LATER),
    record(NOON, close="1.0", observed_at="2025-11-06T17:09:00.000Z"),  # an older trade
    record(BARE),
    *BAD.values(),
    record(EVENING, symbol="LATE"),
]
STORED = [
    ("AAPL", "17:01:00.000", "2025-11-06", 270.2, 18345000, 269, None, 2),
    ("BARE", "17:00:00.123", "2025-11-06", 270.1, None, None, None, 4),
    ("LATE", "23:30:00.500", "2025-11-06", 270.1, 18345000, 269, 272.25, len(SENT) - 1),
]


def table(market: Market) -> list[tuple[Any, ...]]:
    return [
        tuple(float(each) if isinstance(each, Decimal) else each for each in row)
        for row in market.rows(TABLE)
    ]


@pytest.fixture
def follower(market: Market, make_topic: Callable[[int], Topic]) -> Follower:
    return Follower(QUOTES, market, make_topic(1), make_topic(1))


def test_the_newest_of_each_symbol_is_stored_and_bad_ones_are_kept_apart(
    follower: Follower,
) -> None:
    follower.topic.send(*SENT)
    follower.drain(len(SENT))

    market = follower.market
    assert table(market) == STORED
    [(reached, stored, superseded, rejected, lost)] = market.rows(LEDGER)
    assert (reached, rejected, lost) == (len(SENT), len(BAD), 0)
    # How many of a symbol's quotes meet in one batch is not told.
    assert stored + superseded == len(SENT) - len(BAD)
    refused = market.rows(REFUSED)
    assert [row[3] for row in refused] == list(BAD)
    assert [row[1:3] for row in refused] == list(BAD.values())
    assert [(key, value) for key, value, _ in follower.dead_letters()] == list(BAD.values())
    follower.assert_all_is_accounted_for()


def test_a_death_at_any_point_changes_nothing(follower: Follower) -> None:
    for step, point in enumerate(POINTS, start=1):
        follower.topic.send(*SENT)
        dying = follower.start(fail_at=point)
        assert dying.wait(60) == fail_points.EXIT_CODE, point
        follower.drain(step * len(SENT))

    market = follower.market
    # What comes again is equal, and writes nothing.
    assert table(market) == STORED
    [(reached, stored, superseded, rejected, lost)] = market.rows(LEDGER)
    assert (reached, rejected, lost) == (len(SENT) * len(POINTS), len(BAD) * len(POINTS), 0)
    assert stored + superseded + rejected == reached
    assert len(market.rows(REFUSED)) == rejected
    follower.assert_all_is_accounted_for()


def test_a_replay_restores_the_newest_and_writes_nothing_twice(market: Market) -> None:
    past = records(NOON, LATER, replace(NOON, observed_at="2025-11-06T18:00:00.000Z"))
    written = "select xmin::text, close from market.quotes"
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        with session.transaction():
            assert merge_again(session, QUOTES, past) == Tally(good=3, added=1)
        before = market.rows(written)
        assert before[0][1] == Decimal("270.2")
        for again in (past, records(LATER, first=9), records(NOON, first=10)):
            with session.transaction():
                assert merge_again(session, QUOTES, again) == Tally(good=len(again))
        assert market.rows(written) == before
        market.run("delete from market.quotes")
        with session.transaction():
            assert merge_again(session, QUOTES, past) == Tally(good=3, added=1)
    assert [row[1] for row in market.rows(written)] == [Decimal("270.2")]


def test_what_the_database_refuses_is_no_fault_of_the_others(market: Market) -> None:
    market.run("alter table market.quotes add check (symbol <> 'BARE')")
    good = [replace(NOON, symbol=f"S{number}") for number in range(5)]
    with (
        closing(postgres.connect(market.address("stream_writer"), "test")) as session,
        session.transaction(),
    ):
        taken = QUOTES.take(session, records(*good[:2], BARE, *good[2:]))
    assert [(one.offset, one.reason) for one in taken.refused] == [(2, "database_23514")]
    assert taken.tallies == {0: Tally(good=5, bad=1, added=5)}
    assert [row[0] for row in table(market)] == [quote.symbol for quote in good]


def test_quotes_are_written_again_in_place(market: Market) -> None:
    """HOT updates: no index entry is added, and the table does not grow."""
    symbols = [f"S{number}" for number in range(500)]
    with closing(postgres.connect(market.address("stream_writer"), "test")) as session:
        for minute in range(10):
            clock = f"2025-11-06 12:{minute:02}:00"
            quotes = (replace(NOON, symbol=each, exchange_time=clock) for each in symbols)
            with session.transaction():
                QUOTES.take(session, records(*quotes))
    market.run("select pg_stat_force_next_flush()")
    [(updated, hot)] = market.rows(
        "select n_tup_upd, n_tup_hot_upd from pg_stat_user_tables where relname = 'quotes'"
    )
    assert updated == 9 * 500
    assert hot > 0.9 * updated


def test_the_events_are_those_of_the_schema() -> None:
    schema = Draft202012Validator(SCHEMA)
    for quote in (NOON, LATER, EVENING, BARE):
        document = json.loads(quote.to_json())
        assert schema.is_valid(document), document
        for name in SCHEMA["required"]:
            assert not schema.is_valid({k: v for k, v in document.items() if k != name}), name
    only_sql = {
        *("null_value", "missing_key", "malformed_json", "key_mismatch", "nonpositive_price"),
        *("inconsistent_ohlc", "bad_exchange_time", "nonexistent_time", "ambiguous_time"),
        "time_out_of_range",
    }
    for reason, (_, value) in BAD.items():
        if reason not in only_sql:
            assert value is not None
            assert not schema.is_valid(json.loads(value)), reason
