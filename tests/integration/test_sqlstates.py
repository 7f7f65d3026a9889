"""A real PostgreSQL answers the merge with one error of each class: wait, reject, or stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.stream.faults import DatabaseError
from tests.bars import bar, record
from tests.fixtures.market import Market, SinkBench, Topic

# A sequence counts on when a transaction is rolled back, so that the fault can pass.
RAISES = """
create sequence market.raised;
grant usage on sequence market.raised to stream_writer;
create function market.raise_now() returns trigger language plpgsql as $$
begin
    if {condition} then
        raise exception 'as the test wants it' using errcode = '{sqlstate}';
    end if;
    return new;
end $$;
create trigger raises before insert on market.events_stream
for each row execute function market.raise_now();
"""
STORED = "select symbol from market.events_stream order by symbol"
REJECTED = "select kafka_offset, reason from market.rejected_events"
LEDGER = "select stored, superseded, rejected, lost from market.sink_offsets"
SYMBOLS = [f"S{number}" for number in range(6)]
TWICE = "nextval('market.raised') <= 2"

paths = pytest.mark.parametrize(
    "driver_rows", [5000, 0], ids=["through the driver", "through the executors"]
)


@pytest.fixture
def topic(make_topic: Callable[[int], Topic]) -> Topic:
    """Return a topic of one partition with a bar of each symbol."""
    made = make_topic(1)
    made.send(*(record(bar(symbol=symbol)) for symbol in SYMBOLS))
    return made


def let_raise(market: Market, sqlstate: str, condition: str) -> None:
    market.run(RAISES.format(sqlstate=sqlstate, condition=condition))


@pytest.mark.parametrize(
    "sqlstate", ["08006", "40001", "40P01", "53100", "53300", "57014", "58030", "55P03", "25006"]
)
def test_a_fault_of_the_environment_is_waited_out(
    market: Market, topic: Topic, make_sink: Callable[..., SinkBench], sqlstate: str
) -> None:
    let_raise(market, sqlstate, TWICE)
    bench = make_sink(topic)

    bench.apply()

    assert bench.retries == [sqlstate, sqlstate]
    assert [row[0] for row in market.rows(STORED)] == SYMBOLS
    assert market.rows(REJECTED) == []
    assert market.rows(LEDGER) == [(6, 0, 0, 0)]


@paths
@pytest.mark.parametrize("sqlstate", ["22003", "22021", "23502", "23514"])
def test_a_fault_of_a_row_rejects_that_row_alone(
    market: Market,
    topic: Topic,
    make_sink: Callable[..., SinkBench],
    driver_rows: int,
    sqlstate: str,
) -> None:
    let_raise(market, sqlstate, "new.symbol = 'S2'")
    bench = make_sink(topic, driver_rows)

    bench.apply()

    assert bench.retries == []
    assert [row[0] for row in market.rows(STORED)] == [name for name in SYMBOLS if name != "S2"]
    assert market.rows(REJECTED) == [(2, f"database_{sqlstate}")]
    assert market.rows(LEDGER) == [(5, 0, 1, 0)]


@paths
@pytest.mark.parametrize("sqlstate", ["42501", "42P01", "P0001", "XX001"])
def test_what_is_unknown_stops_the_sink_and_writes_nothing(
    market: Market,
    topic: Topic,
    make_sink: Callable[..., SinkBench],
    driver_rows: int,
    sqlstate: str,
) -> None:
    let_raise(market, sqlstate, "true")
    bench = make_sink(topic, driver_rows)

    with pytest.raises(DatabaseError, match="as the test wants it") as caught:
        bench.apply()

    assert (caught.value.sqlstate, bench.retries) == (sqlstate, [])
    assert [market.rows(query) for query in (STORED, REJECTED, LEDGER)] == [[], [], []]


def test_a_fault_of_the_environment_is_waited_out_by_executors_too(
    market: Market, topic: Topic, make_sink: Callable[..., SinkBench]
) -> None:
    let_raise(market, "53100", TWICE)
    bench = make_sink(topic, 0)

    bench.apply()

    assert bench.retries == ["53100", "53100"]
    assert [row[0] for row in market.rows(STORED)] == SYMBOLS
    assert market.rows(REJECTED) == []
    assert market.rows(LEDGER) == [(6, 0, 0, 0)]
