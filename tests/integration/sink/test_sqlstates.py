"""A real PostgreSQL answers the merge with errors of each class: wait, reject, or stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.stream.sink.offset_ledger import OffsetRange
from services.stream.sqlstate import DatabaseError
from tests.bars import bar, record
from tests.fixtures.market import Market, Topic
from tests.fixtures.sink import SinkBench

ENVIRONMENT = ["08006", "40001", "40P01", "53100", "53300", "57014", "58030", "55P03", "25006"]
ENVIRONMENT += ["25P03", "25P04", "54000", "55000", "72000"]
DATA = ["22003", "22021", "23502", "23514"]
UNKNOWN = ["42501", "42P01", "P0001", "XX001"]

# A sequence counts on when a transaction is rolled back, so that the fault can pass.
PREPARED = """
create sequence market.inserted;
grant usage on sequence market.inserted to stream_writer;
create function market.raise_now() returns trigger language plpgsql as 'begin return new; end';
create trigger raises before insert on market.events_stream
for each row execute function market.raise_now();
"""
RAISING = """
alter sequence market.inserted restart;
create or replace function market.raise_now() returns trigger language plpgsql as $$
begin
    if {condition} then
        raise exception 'as the test wants it' using errcode = '{sqlstate}';
    end if;
    return new;
end $$;
"""
STORED = "select symbol from market.events_stream order by kafka_offset"
REJECTED = "select kafka_offset, reason from market.rejected_events order by 1"
LEDGER = "select stored, superseded, rejected, lost from market.sink_offsets"

paths = pytest.mark.parametrize(
    "driver_rows", [5000, 0], ids=["through the driver", "through the executors"]
)


def raising(market: Market, sqlstate: str, condition: str) -> None:
    market.run(RAISING.format(sqlstate=sqlstate, condition=condition))


@paths
def test_faults_of_the_environment_are_waited_out(
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
    driver_rows: int,
) -> None:
    topic = make_topic(1)
    topic.send(*(record(bar(symbol=f"S{state}")) for state in ENVIRONMENT))
    market.run(PREPARED)
    bench = make_sink(topic, driver_rows)

    for offset, sqlstate in enumerate(ENVIRONMENT):
        raising(market, sqlstate, "nextval('market.inserted') = 1")
        bench.apply({0: OffsetRange(offset, offset + 1)})

    assert bench.retries == ENVIRONMENT
    assert market.rows(STORED) == [(f"S{state}",) for state in ENVIRONMENT]
    assert market.rows(REJECTED) == []
    assert market.rows(LEDGER) == [(len(ENVIRONMENT), 0, 0, 0)]


@paths
def test_faults_of_a_row_reject_that_row_alone(
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
    driver_rows: int,
) -> None:
    topic = make_topic(1)
    topic.send(*(record(bar(symbol=f"{n}{state}")) for state in DATA for n in ("A", "POX", "Z")))
    market.run(PREPARED)
    bench = make_sink(topic, driver_rows)

    for step, sqlstate in enumerate(DATA):
        raising(market, sqlstate, "new.symbol like 'POX%'")
        bench.apply({0: OffsetRange(3 * step, 3 * step + 3)})

    assert bench.retries == []
    assert market.rows(STORED) == [(f"{n}{state}",) for state in DATA for n in ("A", "Z")]
    assert market.rows(REJECTED) == [
        (3 * step + 1, f"database_{state}") for step, state in enumerate(DATA)
    ]
    assert market.rows(LEDGER) == [(2 * len(DATA), 0, len(DATA), 0)]


@paths
def test_what_is_unknown_stops_the_sink_and_writes_nothing(
    market: Market,
    make_topic: Callable[[int], Topic],
    make_sink: Callable[..., SinkBench],
    driver_rows: int,
) -> None:
    topic = make_topic(1)
    topic.send(record(bar()))
    market.run(PREPARED)
    bench = make_sink(topic, driver_rows)

    for sqlstate in UNKNOWN:
        raising(market, sqlstate, "true")
        with pytest.raises(DatabaseError, match="as the test wants it") as caught:
            bench.apply()
        assert caught.value.sqlstate == sqlstate

    assert bench.retries == []
    assert [market.rows(query) for query in (STORED, REJECTED, LEDGER)] == [[], [], []]
