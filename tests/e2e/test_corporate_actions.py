"""A share that splits 10:1, then 1:8, and pays dividends, and one that spins a company off, beside
their twin that does nothing of it."""

from __future__ import annotations

import json
import signal
from collections.abc import Sequence
from decimal import Decimal

import pytest

from scripts.local_stack.servers.ports import free_ports
from scripts.local_stack.servers.processes import Child
from services.common import topics
from services.common.fail_points import EXIT_CODE
from services.common.kafka_cluster.cluster import KafkaCluster
from services.stream.broker import read_records, topic_facts
from services.stream.sink.offset_ledger import total_records
from tests.e2e.test_real_bars import Pipeline, clock_at, pipeline
from tests.fixtures.live import end, log_of, wait_for
from tests.fixtures.market import Market, Row, Topic
from tests.integration.views.expected.indicators import nothing_is_due

__all__ = ["pipeline"]

ASKED = {
    "SYMBOLS": "TWINA,TWINB,TWINSPIN",
    "INTERVALS": "60min,1d",
    "ADJUSTED": "false",
    "CORPORATE_ACTIONS": "true",
    "QUOTES": "on",
}
BEFORE, AFTER = clock_at("2025-11-06T04:30:00"), clock_at("2025-11-12T22:30:00")
BARS = """
select interval, session_date::text, bar_time_utc, open, high, low, close, volume
from bi.{} where symbol = %s order by interval, bar_time_utc
"""
ACTIONS = """
select kind, ex_date::text, numerator / denominator, amount, reference_date::text
from bi.corporate_actions order by ex_date
"""
RAW_ACTIONS = """
select symbol, kind, ex_date, number, numerator, denominator, amount, is_withdrawn
from market.corporate_actions order by symbol, kind, ex_date
"""


def bars(market: Market, view: str, symbol: str) -> list[Row]:
    return market.rows(BARS.format(view), (symbol,), "powerbi_reader")


POINTS = (
    *("producer.actions_booked", "producer.actions_covered"),
    *("producer.quotes_booked", "producer.quotes_delivered"),
)


def start_market(pipeline: Pipeline, clock: str, dying: Sequence[str] = ()) -> tuple[Child, Child]:
    """Start simulator and producer at an instant; producers before it die at these points."""
    (port,) = free_ports(1)
    simulator = pipeline.start(
        "simulator",
        SIMULATOR_PORT=str(port),
        MARKET_CLOCK=clock,
        ALPHA_VANTAGE_PLAN="unlimited",
    )
    url = f"http://127.0.0.1:{port}/query"
    for point in dying:
        child = pipeline.start_producer(url, clock, **ASKED, FAIL_AT=point)
        assert child.process.wait(60) == EXIT_CODE, log_of(child)
    return simulator, pipeline.start_producer(url, clock, **ASKED)


def end_market(
    pipeline: Pipeline, bars_topic: Topic, running: tuple[Child, Child], day: str, actions: int
) -> None:
    """End simulator and producer once all series have a bar of a day and all actions are there;
    wait until all that was sent is stored."""
    newest = """
        select count(distinct (symbol, interval))::int from market.events_stream
        where session_date = %s
    """
    market = pipeline.stream.market
    wait_for(lambda: market.rows(newest, (day,)) == [(6,)], f"bars of {day}", seconds=240)
    wait_for(lambda: len(market.rows(RAW_ACTIONS)) == actions, "the actions")
    # Those that died before may have left nothing to do for one that has hardly begun.
    wait_for(lambda: "started: " in log_of(running[1]), "the producer")
    for child in reversed(running):
        assert end(child)[0] == 0, log_of(child)
    sent = total_records(bars_topic.ranges())
    passed = """
        select sum(next_offset - first_offset)::int from market.sink_offsets where topic = %s
    """
    wait_for(lambda: market.rows(passed, (bars_topic.name,)) == [(sent,)], "the last bars", 240)


def assert_twins(market: Market) -> None:
    adjusted = bars(market, "bars_split_adjusted", "TWINA")
    assert adjusted == bars(market, "bars_split_adjusted", "TWINB")
    assert adjusted == bars(market, "bars", "TWINB")
    assert {row[0] for row in adjusted} == {"60min", "1d"}
    # A spin-off changes prices alone, and is no split.
    traded = bars(market, "bars", "TWINSPIN")
    assert bars(market, "bars_split_adjusted", "TWINSPIN") == traded != adjusted
    assert bars(market, "bars_total_return", "TWINSPIN") == adjusted


def assert_twin_indicators(market: Market) -> None:
    wait_for(lambda: nothing_is_due(market), "the indicators")
    query = """
        select interval, bar_time, change, sma_20, ema_12, vwap, atr_14, rsi_14, volume_zscore_20
        from bi.{} where symbol = %s order by interval, bar_time
    """
    own = market.rows(query.format("bar_indicators_split_adjusted"), ("TWINA",), "powerbi_reader")
    twin = market.rows(query.format("bar_indicators"), ("TWINB",), "powerbi_reader")
    for mine, other in zip(own, twin, strict=True):
        wanted = [
            pytest.approx(value, abs=1e-9) if isinstance(value, float) else value for value in other
        ]
        assert list(mine) == wanted
    assert sum(None not in row for row in own) > 20


QUOTES = """
select symbol, close, extended_hours_price, kafka_partition, kafka_offset
from market.quotes order by symbol
"""


def assert_newest_quotes(market: Market, bootstrap: str) -> None:
    """The table has the newest quote of each symbol that the topic has, and the view its price."""
    cluster = KafkaCluster((bootstrap,))
    facts = topic_facts(cluster, topics.QUOTES.name)
    assert facts is not None
    passed = "select coalesce(sum(next_offset), 0)::int from market.sink_offsets where topic = %s"
    ends = sum(offsets.until for offsets in facts.offsets.values())
    wait_for(lambda: market.rows(passed, (topics.QUOTES.name,)) == [(ends,)], "the quotes")
    newest = {
        json.loads(record.value)["symbol"]: (partition, record.offset, json.loads(record.value))
        for partition, offsets in facts.offsets.items()
        for record in read_records(cluster, topics.QUOTES.name, partition, offsets)
        if record.value is not None
    }
    stored = market.rows(QUOTES)
    assert [row[0] for row in stored] == sorted(newest) == ["TWINA", "TWINB", "TWINSPIN"]
    for symbol, close, extended, partition, offset in stored:
        at, number, event = newest[symbol]
        assert (partition, offset) == (at, number)
        assert close == Decimal(event["close"])
        assert extended == Decimal(event["extended_hours_price"])
    told = "select symbol, price from bi.latest_quote where quote_time is not null order by 1"
    prices = {(symbol, extended) for symbol, _, extended, *_ in stored}
    assert {*market.rows(told, (), "powerbi_reader")} <= prices


def test_split_adjusted_a_share_is_its_twin_to_the_last_digit(
    pipeline: Pipeline, bars_topic: Topic
) -> None:
    market = pipeline.stream.market
    # Dividends are announced before they are paid: they end the first stream.
    dying = pipeline.stream.start(FAIL_AT="events.ledger_moved")
    running = start_market(pipeline, BEFORE)
    assert dying.process.wait(120) == EXIT_CODE, log_of(dying)
    stream = pipeline.stream.start()
    end_market(pipeline, bars_topic, running, "2025-11-05", actions=2)
    old = bars(market, "bars", "TWINA")
    running = start_market(pipeline, AFTER, POINTS)
    end_market(pipeline, bars_topic, running, "2025-11-12", actions=5)

    assert market.rows(ACTIONS, (), "powerbi_reader") == [
        ("split", "2025-11-06", Decimal(10), None, None),
        ("dividend", "2025-11-07", None, Decimal("1.25"), "2025-11-06"),
        ("spin_off", "2025-11-10", Decimal("1.046"), None, None),
        ("split", "2025-11-11", Decimal("0.125"), None, None),
        ("dividend", "2025-11-12", None, Decimal("0.30"), "2025-11-11"),
    ]
    assert_twins(market)
    assert_twin_indicators(market)
    traded = bars(market, "bars", "TWINA")
    assert [row for row in traded if row[1] <= "2025-11-05"] == old
    plain = {row[:3]: row for row in bars(market, "bars", "TWINB")}
    for row in traded:
        ratio = plain[row[:3]][6] / row[6]
        day = row[1]
        known = {True: Decimal("0.8"), day >= "2025-11-06": Decimal(8), day >= "2025-11-11": 1}
        assert ratio == known[True], row
    assert bars(market, "bars_total_return", "TWINA") != bars(market, "bars", "TWINB")

    before = market.rows(RAW_ACTIONS)
    market.run("delete from market.corporate_actions")
    replayed = pipeline.stream.run("services.stream.replay", "--corporate-actions")
    assert replayed.returncode == 0, replayed.stderr
    assert market.rows(RAW_ACTIONS) == before
    assert_twins(market)
    assert_twin_indicators(market)

    assert_newest_quotes(market, bars_topic.bootstrap)
    quotes = market.rows(QUOTES)
    market.run("delete from market.quotes")
    replayed = pipeline.stream.run("services.stream.replay", "--quotes")
    assert replayed.returncode == 0, replayed.stderr
    assert market.rows(QUOTES) == quotes
    assert end(stream, signal.SIGTERM)[0] == 0, log_of(stream)
    assert market.rows("select count(*) from market.rejected_events") == [(0,)]
    pipeline.stream.reconcile()
