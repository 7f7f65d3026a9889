"""Real bars go in through the HTTP API, with faults switched on, and come out as they were."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.local_stack.servers import processes
from scripts.local_stack.servers.ports import free_ports
from scripts.local_stack.servers.processes import Child, Command
from tests.e2e.recorded import RecordedBar, euro_hourly, google_daily, sp500_daily, write_csv
from tests.fixtures.live import Stream, end, log_of, wait_for

# Of those that a client may answer within seconds; a limit a minute would make it wait for one.
FAULTS = "500:0.07,truncated:0.07,html:0.07,empty:0.07,reset:0.07,burst:0.07"
STORED = """
select symbol, bar_time, interval, open, high, low, close, volume
from market.events_stream order by symbol, interval, bar_time
"""


@dataclass
class Pipeline:
    """The simulator and the producer in front of a stream, all as processes."""

    stream: Stream
    children: list[Child] = field(default_factory=list)

    def start(self, name: str, **environment: str) -> Child:
        command = Command(
            name=name,
            arguments=[sys.executable, "-m", f"services.{name}.main"],
            log=self.stream.directory / f"{name}-{len(self.children)}.log",
            environment={**self.stream.environment, **environment},
        )
        self.children.append(processes.start(command))
        return self.children[-1]

    def start_simulator(self, bars: Path | None, clock: str, faults: str = FAULTS) -> str:
        """Start the simulator, on recorded bars or on its own; return its address."""
        url_file = self.stream.directory / "url"
        (port,) = free_ports(1)
        child = self.start(
            "simulator",
            SIMULATOR_BARS=str(bars or ""),
            SIMULATOR_PORT=str(port),
            SIMULATOR_URL_FILE=str(url_file),
            SIMULATOR_FAULTS=faults,
            MARKET_CLOCK=clock,
            ALPHA_VANTAGE_PLAN="unlimited",
        )
        wait_for(url_file.exists, "the simulator")
        assert child.is_running()
        return url_file.read_text("utf-8").strip()

    def start_producer(self, url: str, clock: str, **environment: str) -> Child:
        """Start a producer that takes all history there is."""
        return self.start(
            "producer",
            ALPHA_VANTAGE_URL=url,
            ALPHA_VANTAGE_SIMULATED="true",
            MARKET_CLOCK=clock,
            PRODUCER_STATE_DIR=str(self.stream.directory / "producer"),
            **{"ALPHA_VANTAGE_PLAN": "unlimited", **environment},
        )

    def wait_until_stored(self, count: int) -> None:
        wait_for(lambda: self.count() >= count, f"{count} bars in the table", seconds=240)

    def count(self) -> int:
        [(count,)] = self.stream.market.rows("select count(*)::int from market.events_stream")
        return int(count)


@pytest.fixture
def pipeline(stream: Stream) -> Iterator[Pipeline]:
    stream.environment["MAX_OFFSETS_PER_TRIGGER"] = "5000"
    running = Pipeline(stream)
    yield running
    processes.stop(running.children, grace_seconds=20)


def expected(bars: list[RecordedBar]) -> list[tuple[object, ...]]:
    return sorted((bar.stored() for bar in bars), key=lambda row: (row[0], row[2], row[1]))


def clock_at(instant: str) -> str:
    """Return a market clock that stands at an instant long past and moves as ours does."""
    return f"{instant}+00:00@2026-01-01T00:00:00+00:00*0.000001"


def test_daily_bars_come_out_digit_by_digit(pipeline: Pipeline, tmp_path: Path) -> None:
    bars = google_daily() + sp500_daily()
    clock = clock_at("2019-01-02T12:00:00")
    url = pipeline.start_simulator(write_csv(bars, tmp_path / "bars.csv"), clock)
    pipeline.stream.start()
    pipeline.start_producer(url, clock, SYMBOLS="GOOG,SPX", INTERVALS="1d")

    pipeline.wait_until_stored(len(bars))

    assert pipeline.stream.market.rows(STORED) == expected(bars)
    assert pipeline.stream.market.rows("select count(*) from market.rejected_events") == [(0,)]
    pipeline.stream.reconcile()


def test_hourly_bars_of_many_months_survive_a_killed_producer_and_stream(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    bars = euro_hourly()
    clock = clock_at("2018-02-08T00:00:00")
    url = pipeline.start_simulator(write_csv(bars, tmp_path / "bars.csv"), clock)
    stream = pipeline.stream.start()
    asked = {"SYMBOLS": "EURUSD", "INTERVALS": "60min", "HISTORY_MONTHS": "12"}
    producer = pipeline.start_producer(url, clock, **asked)

    pipeline.wait_until_stored(1)
    end(producer, signal.SIGKILL)
    end(stream, signal.SIGKILL)
    again = pipeline.start_producer(url, clock, **asked)
    pipeline.stream.start()
    pipeline.wait_until_stored(len(bars))

    assert pipeline.stream.market.rows(STORED) == expected(bars), log_of(again)
    assert pipeline.stream.market.rows("select count(*) from market.rejected_events") == [(0,)]
    pipeline.stream.reconcile()
