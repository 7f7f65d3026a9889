"""A producer that gets recorded answers: many symbols once, one call at a time or several."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from scripts.benchmarking.sample import PARTITIONS
from scripts.benchmarking.servers import Servers
from scripts.benchmarking.vendor import recorded_answers
from scripts.local_stack.servers import kafka_client, processes
from scripts.local_stack.servers.ports import HOST, free_ports
from scripts.local_stack.servers.processes import Command
from services.common import topics

_CLOCK = "2025-11-06T20:00:00+00:00@2026-01-01T00:00:00+00:00*0.000001"  # it stands still
_INTERVAL = "60min"
_SECONDS = 900.0


@dataclass(frozen=True)
class Fetching:
    """One run of the producer: so many symbols, calls at a time, bars, and what it cost."""

    symbols: int
    parallel: int
    bars: int
    seconds: float
    cpu_seconds: float

    def __str__(self) -> str:
        symbols, bars = self.symbols / self.seconds, self.bars / self.seconds
        return f"{symbols:.1f} symbols/s, {bars:,.0f} bars/s, {self.cpu_seconds:.1f} s of CPU"


@contextmanager
def vendor(servers: Servers) -> Iterator[str]:
    """Serve recorded answers; yield their address."""
    simulated, recorded = free_ports(2)
    answers = servers.directory / "answers"
    simulator = _start(servers, "services.simulator.main", simulated)
    try:
        recorded_answers.record(simulated, _INTERVAL, answers)
    finally:
        processes.stop([simulator], 10)
    module = "scripts.benchmarking.vendor.recorded_answers"
    server = _start(servers, module, recorded, str(recorded), str(answers))
    try:
        yield f"http://{HOST}:{recorded}/query"
    finally:
        processes.stop([server], 10)


def _start(servers: Servers, module: str, port: int, *arguments: str) -> processes.Child:
    settings = {
        "SIMULATOR_PORT": str(port),
        "MARKET_CLOCK": _CLOCK,
        "ALPHA_VANTAGE_PLAN": "unlimited",
    }
    name = module.rpartition(".")[2]
    child = processes.start(servers.service(module, f"vendor-{name}", *arguments, **settings))
    processes.wait_until(lambda: kafka_client.is_listening(f"{HOST}:{port}"), child, 60)
    return child


def measure(servers: Servers, url: str, symbols: int, parallel: int, checkout: Path) -> Fetching:
    """Poll each symbol's month of hourly bars once, with the producer of a checkout."""
    names = servers.directory / "symbols"
    names.write_text(
        "".join(f"{recorded_answers.name(each)}\n" for each in range(symbols)), "utf-8"
    )
    producer = servers.service(
        "services.producer.main",
        f"producer-{parallel}",
        "--once",
        ALPHA_VANTAGE_URL=url,
        ALPHA_VANTAGE_SIMULATED="true",
        ALPHA_VANTAGE_PLAN="unlimited",
        SYMBOLS_FILE=str(names),
        INTERVALS=_INTERVAL,
        CORPORATE_ACTIONS="false",
        FETCH_PARALLEL=str(parallel),
        KAFKA_BOOTSTRAP=servers.bootstrap,
        MARKET_CLOCK=_CLOCK,
        METRICS_PORT="-1",
        PRODUCER_STATE_DIR=str(servers.directory / f"producer-{parallel}"),
    )
    before, cpu = _records(servers), _cpu_seconds()
    begun = time.monotonic()
    processes.run(_of(checkout, producer), _SECONDS)
    seconds = time.monotonic() - begun
    bars = _records(servers) - before
    return Fetching(symbols, parallel, bars, seconds, _cpu_seconds() - cpu)


def _of(checkout: Path, command: Command) -> Command:
    """Return a command as another checkout of the repository runs it, in its own environment."""
    python = str(checkout / ".venv" / "bin" / "python")
    environment = {**(command.environment or os.environ), "PYTHONPATH": str(checkout)}
    arguments = [python, *command.arguments[1:]]
    return replace(command, arguments=arguments, environment=environment)


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
