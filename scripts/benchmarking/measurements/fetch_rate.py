"""The producer against the local simulator: many symbols once, one call at a time or several."""

from __future__ import annotations

import resource
import time
from dataclasses import dataclass

from confluent_kafka import Consumer, TopicPartition

from scripts.benchmarking.sample import PARTITIONS
from scripts.benchmarking.servers import Servers
from scripts.local_stack.servers import kafka_client, processes
from scripts.local_stack.servers.ports import HOST, free_ports
from services.common import topics

_CLOCK = "2025-11-06T20:00:00+00:00@2026-01-01T00:00:00+00:00*0.000001"  # it stands still
_SECONDS = 900.0


@dataclass(frozen=True)
class Fetching:
    """One run of the producer: so many symbols, calls at a time, bars, and what it cost."""

    symbols: int
    parallel: int
    bars: int
    seconds: float
    cpu_seconds: float


def measure(servers: Servers, symbols: int, parallel: int) -> Fetching:
    """Poll each symbol's month of hourly bars once."""
    (port,) = free_ports(1)
    simulator = processes.start(
        servers.service(
            "services.simulator.main",
            f"simulator-{parallel}",
            SIMULATOR_PORT=str(port),
            MARKET_CLOCK=_CLOCK,
            ALPHA_VANTAGE_PLAN="unlimited",
        )
    )
    names = servers.directory / "symbols"
    names.write_text("".join(f"LOAD{number:04}\n" for number in range(1, symbols + 1)), "utf-8")
    try:
        processes.wait_until(lambda: kafka_client.is_listening(f"{HOST}:{port}"), simulator, 60)
        before, cpu = _records(servers), _cpu_seconds()
        begun = time.monotonic()
        processes.run(
            servers.service(
                "services.producer.main",
                f"producer-{parallel}",
                "--once",
                ALPHA_VANTAGE_URL=f"http://{HOST}:{port}/query",
                ALPHA_VANTAGE_SIMULATED="true",
                ALPHA_VANTAGE_PLAN="unlimited",
                SYMBOLS_FILE=str(names),
                INTERVALS="60min",
                FETCH_PARALLEL=str(parallel),
                KAFKA_BOOTSTRAP=servers.bootstrap,
                MARKET_CLOCK=_CLOCK,
                PRODUCER_STATE_DIR=str(servers.directory / f"producer-{parallel}"),
            ),
            _SECONDS,
        )
        seconds = time.monotonic() - begun
        bars = _records(servers) - before
        return Fetching(symbols, parallel, bars, seconds, _cpu_seconds() - cpu)
    finally:
        processes.stop([simulator], 10)


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)  # of those that have ended
    return used.ru_utime + used.ru_stime


def _records(servers: Servers) -> int:
    consumer = Consumer({"bootstrap.servers": servers.bootstrap, "group.id": "bench-count"})
    try:
        return sum(
            consumer.get_watermark_offsets(TopicPartition(topics.BARS.name, number))[1]
            for number in range(PARTITIONS)
        )
    finally:
        consumer.close()
