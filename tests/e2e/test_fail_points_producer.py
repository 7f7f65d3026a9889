"""Dies at every fail point of the producer and is started again: no bar is missing afterwards,
and what its memory says of bars, months and calls holds.
"""

from __future__ import annotations

import json
import urllib.request
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Child
from services.common import fail_points
from services.producer.publishing.state_store import StateStore
from services.producer.series import Series
from services.stream.broker import read_records
from tests.e2e.recorded import RecordedBar, write_csv
from tests.e2e.test_real_bars import STORED, Pipeline, clock_at, expected, pipeline
from tests.fixtures.live import end, log_of, wait_for
from tests.fixtures.market import Topic

__all__ = ["pipeline"]

POINTS = [
    "producer.call_booked",
    "producer.fetched",
    "producer.record_sent",
    "producer.all_sent",
    "producer.acknowledged",
    "producer.remembered",
    "producer.basis_kept",
    "producer.anchors_kept",
    "producer.covered",
]
# Each has a test of its own, which makes the producer do what the point follows.
MONTH_ADDED = "producer.month_added"
CALL_REFUNDED = "producer.call_refunded"
STOP_KEPT = "producer.stop_kept"
PRUNED = "producer.pruned"
CLOSED = "producer.closed"
DAYS = 5
CLOCK = clock_at("2019-01-02T12:00:00")
FREE = {"ALPHA_VANTAGE_PLAN": "free", "INTERVALS": "1d"}


def symbol(step: int) -> str:
    return f"P{step:02}"


def recorded(steps: int) -> list[RecordedBar]:
    """Return some days of bars for each symbol, no two alike."""
    return [
        RecordedBar(
            symbol=symbol(step),
            interval="1d",
            exchange_time=f"2018-12-{day + 10:02}",
            open=f"{100 + step}.{day}200",
            high=f"{100 + step}.{day}900",
            low=f"{100 + step}.{day}100",
            close=f"{100 + step}.{day}300",
            volume=str(1000 * step + day),
            exchange_tz="US/Eastern",
        )
        for step in range(steps)
        for day in range(DAYS)
    ]


@pytest.mark.timeout(900)
def test_the_producer_may_die_at_any_point(pipeline: Pipeline, tmp_path: Path) -> None:
    bars = recorded(len(POINTS) + 1)
    url = pipeline.start_simulator(write_csv(bars, tmp_path / "bars.csv"), CLOCK, faults="")
    pipeline.stream.start()
    for step, point in enumerate(POINTS):
        # One more symbol each time: there is always something new to die over.
        symbols = ",".join(symbol(number) for number in range(step + 1))
        # The third record: some are sent, others are not.
        fail_at = f"{point}:3" if point == "producer.record_sent" else point
        child = pipeline.start_producer(
            url, CLOCK, SYMBOLS=symbols, INTERVALS="1d", FAIL_AT=fail_at
        )
        assert child.process.wait(60) == fail_points.EXIT_CODE, f"{point}: {log_of(child)}"

    everything = ",".join(symbol(number) for number in range(len(POINTS) + 1))
    pipeline.start_producer(url, CLOCK, SYMBOLS=everything, INTERVALS="1d")
    pipeline.wait_until_stored(len(bars))

    assert pipeline.stream.market.rows(STORED) == expected(bars)
    assert pipeline.stream.market.rows("select count(*) from market.rejected_events") == [(0,)]
    pipeline.stream.reconcile()


@pytest.fixture
def vendor(pipeline: Pipeline, tmp_path: Path) -> str:
    """Return the address of a simulator that has the bars of one symbol."""
    return pipeline.start_simulator(write_csv(recorded(1), tmp_path / "bars.csv"), CLOCK, faults="")


def memory_of(pipeline: Pipeline) -> closing[StateStore]:
    return closing(StateStore(pipeline.stream.directory / "producer", datetime.now(tz=UTC)))


def sent(topic: Topic) -> list[tuple[str, str]]:
    """Return symbol and time of every record of the topic, sorted; a repeat counts twice."""
    bars = (
        json.loads(record.value or b"")
        for partition, offsets in topic.ranges().items()
        for record in read_records(topic.cluster, topic.name, partition, offsets)
    )
    return sorted((bar["symbol"], bar["exchange_time"]) for bar in bars)


def all_of(bars: list[RecordedBar]) -> list[tuple[str, str]]:
    return sorted((bar.symbol, bar.exchange_time) for bar in bars)


def calls_answered(url: str) -> int:
    with urllib.request.urlopen(url.removesuffix("/query") + "/requests", timeout=10) as answer:  # noqa: S310 - the simulator's own
        total = json.load(answer)["total"]
    return int(total)


def die(child: Child) -> None:
    assert child.process.wait(60) == fail_points.EXIT_CODE, log_of(child)


def wait_for_beats(pipeline: Pipeline) -> None:
    """Wait until the producer has gone round its loop for some seconds."""
    heartbeat = pipeline.stream.directory / "producer" / "heartbeat"
    first = heartbeat.stat().st_mtime if heartbeat.exists() else 0.0
    wait_for(
        lambda: heartbeat.exists() and heartbeat.stat().st_mtime > first + 2.0, "the heartbeat"
    )


def test_a_month_of_history_is_asked_for_once(
    pipeline: Pipeline, bars_topic: Topic, tmp_path: Path
) -> None:
    bars = [
        RecordedBar("P00", "60min", f"2018-{day} 10:00:00", "2", "4", "1", "3", "9", "US/Eastern")
        for day in ("10-15", "11-12", "11-13", "12-20")
    ]
    url = pipeline.start_simulator(write_csv(bars, tmp_path / "bars.csv"), CLOCK, faults="")
    asked = {"SYMBOLS": "P00", "INTERVALS": "60min", "HISTORY_MONTHS": "3", "POLL_SECONDS": "600"}

    die(pipeline.start_producer(url, CLOCK, FAIL_AT=f"{MONTH_ADDED}:2", **asked))

    with memory_of(pipeline) as memory:
        assert memory.months(Series("P00", "60min")) == {"2018-12", "2018-11"}
    before = calls_answered(url)
    again = pipeline.start_producer(url, CLOCK, **asked)
    wait_for(lambda: sent(bars_topic) == all_of(bars), "every bar, once")
    assert end(again)[0] == 0
    with memory_of(pipeline) as memory:
        assert memory.months(Series("P00", "60min")) == {"2018-12", "2018-11", "2018-10"}
    # The live poll and the month that was missing, no other.
    assert calls_answered(url) == before + 2


def test_a_call_is_booked_before_it_leaves_and_refunded_for_good(
    pipeline: Pipeline, vendor: str, bars_topic: Topic
) -> None:
    (closed_port,) = free_ports(1)
    nobody = f"http://{HOST}:{closed_port}/query"
    asked = {"SYMBOLS": symbol(0), **FREE}

    die(pipeline.start_producer(nobody, CLOCK, FAIL_AT=CALL_REFUNDED, **asked))
    with memory_of(pipeline) as memory:
        assert memory.calls() == []
    die(pipeline.start_producer(vendor, CLOCK, FAIL_AT="producer.call_booked", **asked))

    with memory_of(pipeline) as memory:
        assert len(memory.calls()) == 1
    assert calls_answered(vendor) == 0
    again = pipeline.start_producer(vendor, CLOCK, **asked)
    wait_for(lambda: sent(bars_topic) == all_of(recorded(1)), "every bar, once")
    assert end(again)[0] == 0
    with memory_of(pipeline) as memory:
        assert len(memory.calls()) == 2
    assert calls_answered(vendor) == 1


def test_a_refusal_for_the_day_is_kept(
    pipeline: Pipeline, bars_topic: Topic, tmp_path: Path
) -> None:
    file = write_csv(recorded(1), tmp_path / "bars.csv")
    url = pipeline.start_simulator(file, CLOCK, faults="daily:1")
    asked = {"SYMBOLS": symbol(0), **FREE}

    die(pipeline.start_producer(url, CLOCK, FAIL_AT=STOP_KEPT, **asked))

    assert calls_answered(url) == 1
    again = pipeline.start_producer(url, CLOCK, **asked)
    wait_for_beats(pipeline)
    assert end(again)[0] == 0
    assert calls_answered(url) == 1
    assert sent(bars_topic) == []


def test_a_death_at_the_end_or_while_old_bars_are_forgotten_sends_nothing_again(
    pipeline: Pipeline, vendor: str, bars_topic: Topic
) -> None:
    old, asked = Series("OLD", "5min"), {"SYMBOLS": symbol(0), "INTERVALS": "1d"}
    first = pipeline.start_producer(vendor, CLOCK, FAIL_AT=CLOSED, **asked)
    wait_for(lambda: sent(bars_topic) == all_of(recorded(1)), "every bar, once")
    first.process.terminate()
    die(first)
    with memory_of(pipeline) as memory:
        memory.remember([(old, "2018-01-02 10:00:00", b"f")])

    die(pipeline.start_producer(vendor, CLOCK, FAIL_AT=PRUNED, **asked))

    with memory_of(pipeline) as memory:
        assert memory.fingerprints(old, "", "z") == {}
    again = pipeline.start_producer(vendor, CLOCK, **asked)
    wait_for_beats(pipeline)
    assert end(again)[0] == 0
    assert sent(bars_topic) == all_of(recorded(1))
